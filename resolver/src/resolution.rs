use hitchpost_registry_core::REDACTED;
use indexmap::IndexMap;
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, Serializer};
use serde_json::{Value as Json, json};

use crate::{
    binding::{Binding, Value, bind},
    context::RunContext,
    environment::{EnvValue, Secret, environment},
    explain::{Explanation, explain_one},
    failure::{Failure, FailureCode},
    requirement::Requirement,
    snapshot::Snapshot,
    stage::{
        Eligible,
        joint::{Outcome, solve},
    },
};

/// How the requirements of a step were met: a binding for each, or the reason why not.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolution {
    /// The registry's revision that was read.
    pub revision: u64,
    /// What was bound, in the order of the requirements. An optional requirement that is not met
    /// has neither a binding nor a failure.
    pub bindings: Vec<Binding>,
    /// What was not.
    pub failures: Vec<Failure>,
}

/// What to do where several candidates are equally good.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnAmbiguity {
    /// Fail, and list them.
    #[default]
    Fail,
    /// Take the first by name.
    First,
}

/// Opens a secret, for the comparison of two; `None` when it cannot.
pub type Opener<'o> = &'o dyn Fn(&Secret) -> Option<SecretString>;

/// What a resolution is asked beyond its requirements.
#[derive(Clone, Copy, Default)]
pub struct ResolveOptions<'o> {
    /// What to do where several candidates are equally good.
    pub on_ambiguity: OnAmbiguity,
    /// Opens secrets where two bindings give one variable values that may or may not be equal;
    /// without it they count as different.
    pub open: Option<Opener<'o>>,
    /// Variables that the step sets itself, so that bindings may disagree on them.
    pub overridden: &'o [String],
}

/// The choice for one requirement: which service, and how it is reached. Cheap; the strings are
/// written out by [`Snapshot::resolve`].
#[derive(Debug)]
pub struct Choice<'s>(Outcome<'s>);

impl<'s> Choice<'s> {
    /// The names of extension, instance and service, when one was chosen.
    #[must_use]
    pub fn names(&self) -> Option<(&'s str, &'s str, &'s str)> {
        self.eligible().map(Eligible::names)
    }

    /// The endpoint's name, when one was chosen.
    #[must_use]
    pub fn endpoint(&self) -> Option<&'s str> {
        let eligible = self.eligible()?;
        eligible.endpoint.map(|endpoint| {
            eligible
                .layer
                .text(eligible.layer.endpoint_name.at(endpoint))
        })
    }

    /// The profile's name, when one was chosen.
    #[must_use]
    pub fn profile(&self) -> Option<&'s str> {
        let eligible = self.eligible()?;
        eligible
            .profile
            .profile()
            .map(|profile| eligible.layer.text(eligible.layer.profile_name.at(profile)))
    }

    /// Why nothing was chosen.
    #[must_use]
    pub const fn failure(&self) -> Option<FailureCode> {
        match self.0 {
            Outcome::Failed(code) => Some(code),
            _ => None,
        }
    }

    const fn eligible(&self) -> Option<&Eligible<'s>> {
        match &self.0 {
            Outcome::Chosen { eligible, .. } => Some(eligible),
            _ => None,
        }
    }
}

impl Snapshot {
    /// Chooses for each requirement of a step, all of them together; see the stages in
    /// [the crate's documentation](crate).
    #[must_use]
    pub fn choose(
        &self,
        requirements: &[Requirement],
        caller: &RunContext,
        on_ambiguity: OnAmbiguity,
    ) -> Vec<Choice<'_>> {
        solve(self, requirements, caller, on_ambiguity)
            .into_iter()
            .map(Choice)
            .collect()
    }

    /// Resolves the requirements of a step: chooses, and writes the bindings out.
    #[must_use]
    pub fn resolve(
        &self,
        requirements: &[Requirement],
        caller: &RunContext,
        options: ResolveOptions<'_>,
    ) -> Resolution {
        let mut resolution = Resolution {
            revision: self.revision(),
            bindings: Vec::new(),
            failures: Vec::new(),
        };
        let outcomes = solve(self, requirements, caller, options.on_ambiguity);
        for (index, (requirement, outcome)) in requirements.iter().zip(&outcomes).enumerate() {
            match outcome {
                Outcome::Skipped => {}
                Outcome::Failed(_) => {
                    let explanation =
                        explain_one(self, requirements, (index, requirement), outcome, caller);
                    resolution.failures.extend(explanation.into_failure());
                }
                Outcome::Chosen {
                    eligible,
                    alternative,
                } => {
                    let mut binding = bind(&requirement.name, eligible);
                    let Some(way) = requirement.alternatives.get(*alternative) else {
                        continue;
                    };
                    match environment(&binding, way, self.catalogue()) {
                        Ok(environment) => {
                            binding.environment = environment;
                            resolution.bindings.push(binding);
                        }
                        Err(missing) => resolution.failures.push(Failure {
                            name: requirement.name.clone(),
                            code: FailureCode::Absent,
                            message: format!(
                                "`{}` is to be set from `{}`, which `{}/{}/{}` does not have",
                                missing.variable,
                                missing.key,
                                binding.extension,
                                binding.instance,
                                binding.service
                            ),
                            candidates: Vec::new(),
                        }),
                    }
                }
            }
        }
        resolution
            .failures
            .extend(collisions(&resolution.bindings, options));
        resolution
    }

    /// Explains, for each requirement, every visible candidate: why it was rejected, what outranks
    /// it, or that it was chosen.
    #[must_use]
    pub fn explain(
        &self,
        requirements: &[Requirement],
        caller: &RunContext,
        on_ambiguity: OnAmbiguity,
    ) -> Vec<Explanation> {
        let outcomes = solve(self, requirements, caller, on_ambiguity);
        let each = requirements.iter().enumerate().zip(&outcomes);
        each.map(|(requirement, outcome)| {
            explain_one(self, requirements, requirement, outcome, caller)
        })
        .collect()
    }
}

/// Variables to which two bindings give different values.
fn collisions(bindings: &[Binding], options: ResolveOptions<'_>) -> Vec<Failure> {
    if bindings.len() < 2 {
        return Vec::new();
    }
    let mut given: IndexMap<&str, (&Binding, &EnvValue)> = IndexMap::new();
    let mut failures = Vec::new();
    for binding in bindings {
        for (name, value) in &binding.environment {
            let Some((other, theirs)) = given.get(name.as_str()) else {
                given.insert(name, (binding, value));
                continue;
            };
            if options.overridden.contains(name) || is_same(value, theirs, options.open) {
                continue;
            }
            failures.push(Failure {
                name: binding.name.clone(),
                code: FailureCode::EnvCollision,
                message: format!(
                    "`{name}` gets one value from `{}` ({} {}) and another from `{}` ({} {}); \
                     give one of the requirements a `prefix`",
                    other.name,
                    place(other),
                    theirs.origin(),
                    binding.name,
                    place(binding),
                    value.origin(),
                ),
                candidates: Vec::new(),
            });
        }
    }
    failures
}

fn place(binding: &Binding) -> String {
    format!(
        "{}/{}/{}",
        binding.extension, binding.instance, binding.service
    )
}

fn is_same(a: &EnvValue, b: &EnvValue, open: Option<Opener<'_>>) -> bool {
    if a.same_parts(b) {
        return true;
    }
    if !a.is_secret() && !b.is_secret() {
        return a.shown() == b.shown();
    }
    let Some(open) = open else { return false };
    let reveal = |value: &EnvValue| value.reveal(&mut |secret| open(secret).ok_or(())).ok();
    match (reveal(a), reveal(b)) {
        (Some(a), Some(b)) => a.expose_secret() == b.expose_secret(),
        _ => false,
    }
}

impl Resolution {
    /// Whether everything that must be bound is.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failures.is_empty()
    }

    /// A binding by its handle.
    #[must_use]
    pub fn binding(&self, handle: &str) -> Option<&Binding> {
        self.bindings.iter().find(|binding| binding.name == *handle)
    }

    /// The variables of all bindings together; see [`Failure`] for when they disagree.
    #[must_use]
    pub fn environment(&self) -> IndexMap<&str, &EnvValue> {
        let variables = self.bindings.iter().map(|one| one.environment.len());
        let mut all = IndexMap::with_capacity(variables.sum());
        for (name, value) in self
            .bindings
            .iter()
            .flat_map(|binding| &binding.environment)
        {
            all.entry(name.as_str()).or_insert(value);
        }
        all
    }

    /// The documented JSON with every secret shown.
    ///
    /// # Errors
    /// The error of `open`.
    pub fn revealed<E>(
        &self,
        open: &mut dyn FnMut(&Secret) -> Result<SecretString, E>,
    ) -> Result<Json, E> {
        self.document(&mut |secret| open(secret).map(|opened| opened.expose_secret().to_owned()))
    }

    fn document<E>(&self, show: &mut dyn FnMut(&Secret) -> Result<String, E>) -> Result<Json, E> {
        let bindings: Result<Vec<Json>, E> = self
            .bindings
            .iter()
            .map(|binding| binding.document(show))
            .collect();
        Ok(json!({ "revision": self.revision, "bindings": bindings?, "failures": self.failures }))
    }
}

impl Binding {
    /// A configuration value by its key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.configuration
            .iter()
            .find(|entry| entry.name == key)
            .map(|entry| &entry.value)
    }

    fn document<E>(&self, show: &mut dyn FnMut(&Secret) -> Result<String, E>) -> Result<Json, E> {
        let mut configuration = Vec::with_capacity(self.configuration.len());
        for entry in &self.configuration {
            let (value, secret) = match &entry.value {
                Value::Public(text) => (text.clone(), false),
                Value::Secret(secret) => (show(secret)?, true),
            };
            let origin = entry.origin.to_string();
            configuration.push(
                json!({ "name": entry.name, "value": value, "secret": secret, "origin": origin }),
            );
        }
        let mut env = serde_json::Map::new();
        for (name, value) in &self.environment {
            let mut shown = |secret: &Secret| show(secret).map(SecretString::from);
            // A value of which any part is not shown is not shown at all.
            let text = value.reveal(&mut shown)?;
            let text = text.expose_secret();
            let text = if value.is_secret() && text.contains(REDACTED) {
                REDACTED
            } else {
                text
            };
            env.insert(name.clone(), text.into());
        }
        Ok(json!({
            "name": self.name,
            "extension": self.extension,
            "product": self.product,
            "instance": self.instance,
            "version": self.version,
            "service": self.service,
            "type": self.service_type,
            "category": self.category,
            "endpoint": self.endpoint,
            "profile": self.profile,
            "zone": self.zone,
            "expires_at": self.expires_at,
            "configuration": configuration,
            "env": env,
            "pin": self.pin,
        }))
    }
}

/// The documented JSON; every secret as [`REDACTED`].
impl Serialize for Resolution {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let redacted =
            self.document(&mut |_| Ok::<_, std::convert::Infallible>(REDACTED.to_owned()));
        let Ok(document) = redacted;
        document.serialize(serializer)
    }
}

/// The documented JSON of one binding; every secret as [`REDACTED`].
impl Serialize for Binding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let redacted =
            self.document(&mut |_| Ok::<_, std::convert::Infallible>(REDACTED.to_owned()));
        let Ok(document) = redacted;
        document.serialize(serializer)
    }
}
