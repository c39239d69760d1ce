use hitchpost::FailureCode;

/// How the command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Ok,
    Refused,
    Usage,
    NotFound,
    Ambiguous,
    Forbidden,
    Unreachable,
    VersionMismatch,
    ProfileMismatch,
    EnvCollision,
    BadRequirement,
    UnsatisfiableGroup,
    Store,
    Key,
    NotKnown,
    NotExecutable,
    NoProgram,
}

impl Exit {
    /// The exit code and what it means; the documentation is made of this.
    const fn meaning(self) -> (i32, &'static str) {
        match self {
            Self::Ok => (0, "it is done"),
            Self::Refused => (
                1,
                "refused: findings, a conflict, an immutable record, drift",
            ),
            Self::Usage => (2, "the command line is wrong"),
            Self::NotFound => (
                3,
                "not found, or `absent`: nothing of that identity is registered",
            ),
            Self::Ambiguous => (4, "`ambiguous`: several candidates are equally good"),
            Self::Forbidden => (5, "`forbidden`: registered, but not for this caller"),
            Self::Unreachable => (
                6,
                "`unreachable`: no endpoint can be reached from the caller's zone",
            ),
            Self::VersionMismatch => (7, "`version-mismatch`: no version satisfies the constraint"),
            Self::ProfileMismatch => (8, "`profile-mismatch`: no account admits the caller"),
            Self::EnvCollision => (
                9,
                "`env-collision`: two bindings give a variable different values",
            ),
            Self::BadRequirement => (10, "`empty-selector` or `bad-constraint`"),
            Self::UnsatisfiableGroup => (
                11,
                "`unsatisfiable-group`: no instance provides the whole group",
            ),
            Self::Store => (
                12,
                "the store cannot be used: missing, locked, read-only, newer, unreachable",
            ),
            Self::Key => (
                13,
                "a key is missing, wrong or malformed, or a secret does not open",
            ),
            Self::NotKnown => (
                14,
                "`openapi --strict`: something about the service is not known",
            ),
            Self::NotExecutable => (126, "`run`: the program cannot be executed"),
            Self::NoProgram => (127, "`run`: there is no such program"),
        }
    }

    /// Every code, in rising order.
    const ALL: [Self; 17] = [
        Self::Ok,
        Self::Refused,
        Self::Usage,
        Self::NotFound,
        Self::Ambiguous,
        Self::Forbidden,
        Self::Unreachable,
        Self::VersionMismatch,
        Self::ProfileMismatch,
        Self::EnvCollision,
        Self::BadRequirement,
        Self::UnsatisfiableGroup,
        Self::Store,
        Self::Key,
        Self::NotKnown,
        Self::NotExecutable,
        Self::NoProgram,
    ];

    pub(crate) const fn code(self) -> i32 {
        self.meaning().0
    }

    /// The table of `hitchpost help exit-codes`.
    pub(crate) fn documentation() -> String {
        let lines = Self::ALL.map(|exit| {
            let (code, meaning) = exit.meaning();
            format!("  {code:>3}  {meaning}\n")
        });
        format!(
            "Exit codes\n\n{}\n\
             Where several requirements fail, the code is that of the first failure.\n\
             `run` ends with the exit code of the program that it runs, once it has started.\n\n\
             Errors go to standard error as `error[code]: message`; with `-o json` or\n\
             `-o yaml` as a document: {{\"error\": {{\"code\", \"message\", \"help\", \"exit\"}},\n\
             \"diagnostics\": […]}}. Requirements that are not met are in the document on\n\
             standard output.\n",
            lines.concat()
        )
    }
}

impl From<FailureCode> for Exit {
    fn from(code: FailureCode) -> Self {
        match code {
            FailureCode::Absent => Self::NotFound,
            FailureCode::Forbidden => Self::Forbidden,
            FailureCode::VersionMismatch => Self::VersionMismatch,
            FailureCode::Unreachable => Self::Unreachable,
            FailureCode::ProfileMismatch => Self::ProfileMismatch,
            FailureCode::Ambiguous => Self::Ambiguous,
            FailureCode::EnvCollision => Self::EnvCollision,
            FailureCode::EmptySelector | FailureCode::BadConstraint => Self::BadRequirement,
            FailureCode::UnsatisfiableGroup => Self::UnsatisfiableGroup,
            _ => Self::Refused,
        }
    }
}
