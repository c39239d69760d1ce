//! What is needed, by whom and how it is resolved: shared by the commands that resolve.

use std::{collections::HashMap, fs, io, path::PathBuf};

use clap::{Args, ValueEnum};
use hitchpost::{
    OnAmbiguity, Registry, Requirement, Resolution, RunContext, Selector,
    core::Name,
    parse_requirements,
    resolver::{EnvValue, Lock, NO_STEP, Step, Workflow, export::Variables},
};

use hitchpost::user_catalogue;

use crate::{
    arguments::{CallerArgs, GlobalArgs},
    error::CommandError,
    exit::Exit,
    input,
    open::OpenStore,
    output::{Format, Output},
    render::explanation::failures,
};

/// The file of pins that is read and written without `--lock`.
pub(crate) const LOCK_FILE: &str = "hitchpost.lock";

/// Requirements from files.
#[derive(Debug, Args)]
#[command(next_help_heading = "Requirements")]
pub(crate) struct FileArgs {
    /// A list of requirements, in YAML or JSON; `-` is standard input
    #[arg(
        short,
        long = "requirements",
        value_name = "FILE",
        conflicts_with = "workflow_file"
    )]
    pub(crate) requirements: Option<PathBuf>,
    /// A workflow; `-` is standard input
    #[arg(short = 'f', long = "file", value_name = "WORKFLOW", requires = "step")]
    pub(crate) workflow_file: Option<PathBuf>,
    /// The step of the workflow
    #[arg(long, value_name = "NAME", requires = "workflow_file")]
    pub(crate) step: Option<String>,
}

/// Requirements from files or in short.
#[derive(Debug, Args)]
#[command(next_help_heading = "Requirements")]
#[group(skip)]
pub(crate) struct NeedsArgs {
    /// A service type, with a version constraint if need be, as in 's3>=4'; may be repeated. Its
    /// handle is the type, for the second of a type with `-2`
    #[arg(long, value_name = "TYPE[CONSTRAINT]", conflicts_with_all = ["requirements", "workflow_file"])]
    pub(crate) needs: Vec<String>,
    #[command(flatten)]
    pub(crate) files: FileArgs,
}

/// How requirements are resolved, and whether a lock binds.
#[derive(Debug, Args)]
pub(crate) struct LockedArgs {
    #[command(flatten)]
    pub(crate) how: HowArgs,
    /// Refuse anything else than what the lock file has
    #[arg(long, help_heading = "Resolution")]
    pub(crate) locked: bool,
}

/// How requirements are resolved.
#[derive(Debug, Args)]
pub(crate) struct HowArgs {
    #[command(flatten)]
    pub(crate) caller: CallerArgs,
    /// Where several candidates are equally good: `fail`, or take the `first` by name
    #[arg(
        long,
        value_enum,
        default_value_t,
        value_name = "WHAT",
        hide_possible_values = true,
        help_heading = "Resolution"
    )]
    pub(crate) on_ambiguity: Ambiguity,
    /// The lock file
    #[arg(long, value_name = "FILE", default_value = LOCK_FILE, help_heading = "Resolution")]
    pub(crate) lock: PathBuf,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum Ambiguity {
    /// Fail, and list them
    #[default]
    Fail,
    /// Take the first by name
    First,
}

/// What is needed.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    pub(crate) requirements: Vec<Requirement>,
    /// The step of which they are, where they come from a workflow.
    pub(crate) step: Option<Step>,
    pub(crate) workflow: Option<Name>,
}

/// What was resolved, and from what.
pub(crate) struct Answer {
    pub(crate) registry: Registry,
    pub(crate) resolution: Resolution,
    pub(crate) caller: RunContext,
}

impl FileArgs {
    /// What the files need; nothing when there are none.
    pub(crate) fn read(&self) -> Result<Option<Needs>, CommandError> {
        if let Some(path) = &self.requirements {
            let source = input::read(path)?;
            let requirements =
                parse_requirements(&source.name, &source.bytes).map_err(CommandError::Findings)?;
            return Ok(Some(Needs {
                requirements,
                ..Needs::default()
            }));
        }
        let (Some(path), Some(step)) = (&self.workflow_file, &self.step) else {
            return Ok(None);
        };
        let source = input::read(path)?;
        let workflow =
            Workflow::parse(&source.name, &source.bytes).map_err(CommandError::Findings)?;
        let step = workflow.step(step)?.clone();
        Ok(Some(Needs::of_step(&workflow, step)))
    }
}

impl NeedsArgs {
    pub(crate) fn read(&self) -> Result<Needs, CommandError> {
        if let Some(needs) = self.files.read()? {
            return Ok(needs);
        }
        if self.needs.is_empty() {
            return Err(CommandError::NoRequirement);
        }
        let mut counts: HashMap<String, usize> = HashMap::new();
        let requirements = self.needs.iter().map(|text| {
            let end = text
                .find(|c: char| c.is_whitespace() || "=!<>~^*".contains(c))
                .unwrap_or(text.len());
            let (name, constraint) = text.split_at(end);
            let malformed = |source| CommandError::MalformedName {
                flag: "--needs",
                text: name.to_owned(),
                source,
            };
            let service_type = Name::new(name).map_err(malformed)?;
            let count = counts
                .entry(name.to_owned())
                .and_modify(|count| *count += 1)
                .or_insert(1);
            let handle = if *count == 1 {
                service_type.clone()
            } else {
                Name::nearest(&format!("{name}-{count}"))
            };
            let requirement = Requirement::new(Selector {
                service_type: Some(service_type),
                ..Selector::default()
            });
            let requirement = requirement.named(handle);
            Ok(if constraint.trim().is_empty() {
                requirement
            } else {
                requirement.version(constraint.trim())
            })
        });
        Ok(Needs {
            requirements: requirements.collect::<Result<_, CommandError>>()?,
            ..Needs::default()
        })
    }
}

impl Needs {
    pub(crate) fn of_step(workflow: &Workflow, step: Step) -> Self {
        Self {
            requirements: step.requirements().to_vec(),
            workflow: workflow.name().cloned(),
            step: Some(step),
        }
    }

    /// The name under which the pins stand in a lock.
    pub(crate) fn step_name(&self) -> &str {
        self.step
            .as_ref()
            .map_or(NO_STEP, |step| step.name().as_str())
    }

    /// Resolves them. Failures are in the resolution; drift from the lock is an error.
    pub(crate) fn resolve(
        &self,
        LockedArgs { how, locked }: &LockedArgs,
        global: &GlobalArgs,
    ) -> Result<Answer, CommandError> {
        let registry = OpenStore::open(global)?.registry(user_catalogue(&[])?)?;
        let answer = self.resolve_in(registry, how)?;
        if *locked && answer.resolution.is_complete() {
            let lock = read_lock(&how.lock)?.ok_or_else(|| CommandError::NoLock {
                path: how.lock.clone(),
            })?;
            lock.check(self.step_name(), &answer.resolution)
                .map_err(|drift| CommandError::Drift {
                    path: how.lock.clone(),
                    drift,
                })?;
        }
        Ok(answer)
    }

    pub(crate) fn resolve_in(
        &self,
        registry: Registry,
        how: &HowArgs,
    ) -> Result<Answer, CommandError> {
        let mut caller = how.caller.context()?;
        caller.workflow = caller.workflow.or_else(|| self.workflow.clone());
        let own = self.step.as_ref().map(Step::variables).unwrap_or_default();
        let resolution =
            registry.resolve_with(&self.requirements, &caller, how.on_ambiguity.into(), own);
        Ok(Answer {
            registry,
            resolution,
            caller,
        })
    }

    /// The variables of a complete resolution, those of the step's own included, unopened.
    pub(crate) fn environment(
        &self,
        resolution: &Resolution,
    ) -> Result<Vec<(String, EnvValue)>, CommandError> {
        match &self.step {
            Some(step) => Ok(step
                .environment(resolution)
                .map_err(CommandError::Findings)?
                .into_iter()
                .collect()),
            None => Ok(resolution
                .environment()
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.clone()))
                .collect()),
        }
    }
}

impl Answer {
    /// The variables that were needed, with every secret opened.
    pub(crate) fn variables(&self, needs: &Needs) -> Result<Variables, CommandError> {
        let environment = needs.environment(&self.resolution)?;
        let unopened = environment.iter().map(|(name, value)| (name, value));
        Ok(Variables::reveal(unopened, &mut |secret| {
            self.registry.reveal(secret)
        })?)
    }

    /// Says why requirements are not met; `None` when all are.
    pub(crate) fn refusal(&self, output: &Output) -> Option<Exit> {
        let first = self.resolution.failures.first()?;
        match output.format {
            Format::Table => {
                output.complain(&failures(&self.resolution.failures, output.error_style))
            }
            format => output.complain_as(format, &self.resolution),
        }
        Some(first.code.into())
    }
}

/// The lock of a file; `None` when there is no such file.
pub(crate) fn read_lock(path: &PathBuf) -> Result<Option<Lock>, CommandError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        _ => {}
    }
    let source = input::read(path)?;
    let text = String::from_utf8_lossy(&source.bytes);
    let lock = Lock::parse(&text).map_err(|source| CommandError::Lock {
        path: path.clone(),
        source,
    })?;
    Ok(Some(lock))
}

impl From<Ambiguity> for OnAmbiguity {
    fn from(ambiguity: Ambiguity) -> Self {
        match ambiguity {
            Ambiguity::Fail => Self::Fail,
            Ambiguity::First => Self::First,
        }
    }
}
