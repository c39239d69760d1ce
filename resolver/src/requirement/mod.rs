//! What a step needs.

mod form;

use std::collections::BTreeMap;

use hitchpost_registry_core::{Constraint, ConstraintError, Name};

pub(crate) use form::{RequirementForm, into_requirements};
pub use form::{parse_requirements, requirement_schema};

/// Something a step needs: a selector, under the handle by which the step calls it.
///
/// ```
/// use hitchpost_resolver::Requirement;
///
/// let storage = Requirement::service_type("s3".parse()?).version(">=4").named("storage".parse()?);
/// assert_eq!(storage.name, "storage");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Requirement {
    /// The handle, unique in the step.
    pub name: Name,
    /// What to look for, and how to hand it over: the first alternative that can be satisfied is
    /// taken. Never empty.
    pub alternatives: Vec<Alternative>,
    /// Whether the step can do without it.
    pub optional: bool,
    /// The handle of a requirement whose instance must provide this one too.
    pub same_instance_as: Option<Name>,
}

/// One way to satisfy a requirement.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Alternative {
    /// What to look for.
    pub selector: Selector,
    /// Variables to set beyond those of the projection, and from what.
    pub env: Vec<(String, EnvSource)>,
    /// A prefix under which every variable of the projection is set too.
    pub prefix: Option<String>,
}

/// What a candidate must be.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selector {
    /// The record's name.
    pub extension: Option<Name>,
    /// The product.
    pub product: Option<Name>,
    /// The instance's name.
    pub instance: Option<Name>,
    /// A service of the record by its name, else by its type; a service type when neither
    /// `extension` nor `instance` is given.
    pub service: Option<Name>,
    /// The service type.
    pub service_type: Option<Name>,
    /// The service's name.
    pub service_name: Option<Name>,
    /// The service's category.
    pub category: Option<Name>,
    /// The version constraint; one that is malformed fails the requirement, it never means "no
    /// match".
    pub version: Option<Result<Constraint, ConstraintError>>,
    /// Labels of the record.
    pub labels: BTreeMap<Name, String>,
    /// The zone in which the instance runs.
    pub zone: Option<Name>,
    /// The endpoint's name or type.
    pub endpoint: Option<Name>,
    /// The profile's name.
    pub profile: Option<Name>,
}

/// What an explicit environment variable is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EnvSource {
    /// The endpoint's URL.
    Url,
    /// The instance's version.
    Version,
    /// The product.
    Product,
    /// The instance's name.
    Instance,
    /// A configuration value.
    Key(String),
}

impl EnvSource {
    /// Reads a word: `url`, `version`, `product`, `instance`, anything else is a configuration key.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        match word {
            "url" => Self::Url,
            "version" => Self::Version,
            "product" => Self::Product,
            "instance" => Self::Instance,
            key => Self::Key(key.to_owned()),
        }
    }
}

impl Selector {
    /// Whether it states nothing that a candidate must be.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.extension.is_none()
            && self.product.is_none()
            && self.instance.is_none()
            && self.service.is_none()
            && self.service_type.is_none()
            && self.service_name.is_none()
            && self.category.is_none()
            && self.version.is_none()
            && self.labels.is_empty()
    }

    /// This selector, with what it does not state taken from another.
    fn over(self, base: &Self) -> Self {
        let mut labels = base.labels.clone();
        labels.extend(self.labels);
        Self {
            extension: self.extension.or_else(|| base.extension.clone()),
            product: self.product.or_else(|| base.product.clone()),
            instance: self.instance.or_else(|| base.instance.clone()),
            service: self.service.or_else(|| base.service.clone()),
            service_type: self.service_type.or_else(|| base.service_type.clone()),
            service_name: self.service_name.or_else(|| base.service_name.clone()),
            category: self.category.or_else(|| base.category.clone()),
            version: self.version.or_else(|| base.version.clone()),
            labels,
            zone: self.zone.or_else(|| base.zone.clone()),
            endpoint: self.endpoint.or_else(|| base.endpoint.clone()),
            profile: self.profile.or_else(|| base.profile.clone()),
        }
    }
}

impl Alternative {
    /// This alternative, with what it does not state taken from the requirement around it.
    fn over(self, base: &Self) -> Self {
        let mut env = base.env.clone();
        env.retain(|(name, _)| self.env.iter().all(|(own, _)| own != name));
        env.extend(self.env);
        Self {
            selector: self.selector.over(&base.selector),
            env,
            prefix: self.prefix.or_else(|| base.prefix.clone()),
        }
    }
}

/// The handle of a requirement that was given none.
const UNNAMED: &str = "default";

impl Requirement {
    /// A requirement for what a selector selects; its handle is `default`.
    #[must_use]
    pub fn new(selector: Selector) -> Self {
        let name = Name::new(UNNAMED);
        #[expect(clippy::expect_used, reason = "the literal is a name")]
        let name = name.expect("`default` is a name");
        Self {
            name,
            alternatives: vec![Alternative {
                selector,
                ..Alternative::default()
            }],
            optional: false,
            same_instance_as: None,
        }
    }

    /// A requirement for a service of this type.
    #[must_use]
    pub fn service_type(service_type: Name) -> Self {
        Self::new(Selector {
            service_type: Some(service_type),
            ..Selector::default()
        })
    }

    /// A requirement for a service of this record.
    #[must_use]
    pub fn extension(extension: Name) -> Self {
        Self::new(Selector {
            extension: Some(extension),
            ..Selector::default()
        })
    }

    /// A requirement for a tool of this category.
    #[must_use]
    pub fn category(category: Name) -> Self {
        Self::new(Selector {
            category: Some(category),
            ..Selector::default()
        })
    }

    /// A requirement for the first of several that can be satisfied. Its handle is that of the
    /// first.
    #[must_use]
    pub fn any_of(first: Self, others: impl IntoIterator<Item = Self>) -> Self {
        let mut requirement = first;
        for other in others {
            requirement.alternatives.extend(other.alternatives);
        }
        requirement
    }

    /// Sets the handle.
    #[must_use]
    pub fn named(mut self, name: Name) -> Self {
        self.name = name;
        self
    }

    /// Sets the version constraint. One that is malformed fails the requirement when it is
    /// resolved, as `bad-constraint`.
    #[must_use]
    pub fn version(self, constraint: &str) -> Self {
        self.each(|selector| selector.version = Some(Constraint::parse(constraint)))
    }

    /// Sets further fields of the selector, of each alternative.
    #[must_use]
    pub fn each(mut self, set: impl Fn(&mut Selector)) -> Self {
        for alternative in &mut self.alternatives {
            set(&mut alternative.selector);
        }
        self
    }

    /// Lets the step do without it.
    #[must_use]
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Binds it to the instance that another requirement of the step gets.
    #[must_use]
    pub fn same_instance_as(mut self, handle: Name) -> Self {
        self.same_instance_as = Some(handle);
        self
    }
}
