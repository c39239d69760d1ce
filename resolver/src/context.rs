use hitchpost_registry_core::Name;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Who asks, from where and when.
///
/// It comes from the authenticated caller, never from the selector; there is no call that means
/// "no scope filter".
///
/// ```
/// use hitchpost_resolver::{RunContext, Zone};
///
/// let caller = RunContext::new(Zone::known("eu")?).project("alpha".parse()?);
/// assert_eq!(caller.zone, Zone::known("eu")?);
/// # Ok::<(), hitchpost_registry_core::NameError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunContext {
    /// The project on whose behalf the step runs.
    pub project: Option<Name>,
    /// The user on whose behalf it runs.
    pub user: Option<Name>,
    /// The groups of that user.
    pub groups: Vec<Name>,
    /// The workflow that the step belongs to.
    pub workflow: Option<Name>,
    /// The zone it runs in.
    pub zone: Zone,
    /// The moment of the resolution. Without it, profiles that expire are not eligible.
    pub now: Option<Timestamp>,
}

/// The zone a caller runs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Zone {
    /// Not known, as on a laptop: nothing internal can be reached.
    Unknown,
    /// A zone, as instances name it in their `location`.
    Known(Name),
}

impl Zone {
    /// A zone by its name.
    ///
    /// # Errors
    /// When the text is no name.
    pub fn known(name: &str) -> Result<Self, hitchpost_registry_core::NameError> {
        Name::new(name).map(Self::Known)
    }
}

impl RunContext {
    /// A caller in a zone, of no project, user, group or workflow.
    #[must_use]
    pub const fn new(zone: Zone) -> Self {
        Self {
            project: None,
            user: None,
            groups: Vec::new(),
            workflow: None,
            zone,
            now: None,
        }
    }

    /// Sets the project.
    #[must_use]
    pub fn project(mut self, project: Name) -> Self {
        self.project = Some(project);
        self
    }

    /// Sets the user.
    #[must_use]
    pub fn user(mut self, user: Name) -> Self {
        self.user = Some(user);
        self
    }

    /// Adds a group.
    #[must_use]
    pub fn group(mut self, group: Name) -> Self {
        self.groups.push(group);
        self
    }

    /// Sets the workflow.
    #[must_use]
    pub fn workflow(mut self, workflow: Name) -> Self {
        self.workflow = Some(workflow);
        self
    }

    /// Sets the moment.
    #[must_use]
    pub const fn at(mut self, now: Timestamp) -> Self {
        self.now = Some(now);
        self
    }
}
