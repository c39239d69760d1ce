//! Keyword arguments as requirements and callers.

use std::collections::BTreeMap;

use hitchpost::{
    Name, OnAmbiguity, Requirement, RunContext, Selector, Zone,
    core::Constraint,
    resolver::{Alternative, EnvSource, is_settable, parse_requirements},
};
use indexmap::IndexMap;
use pyo3::prelude::*;

use crate::{
    errors::{Argument, Problem},
    values,
};

/// The fields of one requirement.
#[derive(Default)]
pub(crate) struct Wanted<'a> {
    pub(crate) extension: Option<&'a str>,
    pub(crate) product: Option<&'a str>,
    pub(crate) instance: Option<&'a str>,
    pub(crate) service: Option<&'a str>,
    pub(crate) service_type: Option<&'a str>,
    pub(crate) service_name: Option<&'a str>,
    pub(crate) category: Option<&'a str>,
    pub(crate) version: Option<&'a str>,
    pub(crate) labels: Option<BTreeMap<String, String>>,
    pub(crate) endpoint: Option<&'a str>,
    pub(crate) profile: Option<&'a str>,
    pub(crate) prefix: Option<&'a str>,
    pub(crate) env: Option<IndexMap<String, String>>,
}

impl Wanted<'_> {
    /// Whether nothing is given.
    pub(crate) const fn is_empty(&self) -> bool {
        self.extension.is_none()
            && self.product.is_none()
            && self.instance.is_none()
            && self.service.is_none()
            && self.service_type.is_none()
            && self.service_name.is_none()
            && self.category.is_none()
            && self.version.is_none()
            && self.labels.is_none()
            && self.endpoint.is_none()
            && self.profile.is_none()
            && self.prefix.is_none()
            && self.env.is_none()
    }

    pub(crate) fn requirement(self) -> Result<Requirement, Argument> {
        let mut labels = BTreeMap::new();
        for (label, value) in self.labels.unwrap_or_default() {
            labels.insert(name("labels", &label)?, value);
        }
        let mut env = Vec::new();
        for (variable, source) in self.env.unwrap_or_default() {
            settable("env", &variable)?;
            env.push((variable, EnvSource::from_word(&source)));
        }
        // What is a name of a variable itself can begin one.
        self.prefix
            .map_or(Ok(()), |prefix| settable("prefix", prefix))?;
        let selector = Selector {
            extension: optional("extension", self.extension)?,
            product: optional("product", self.product)?,
            instance: optional("instance", self.instance)?,
            service: optional("service", self.service)?,
            service_type: optional("service_type", self.service_type)?,
            service_name: optional("service_name", self.service_name)?,
            category: optional("category", self.category)?,
            version: self.version.map(Constraint::parse),
            labels,
            zone: None,
            endpoint: optional("endpoint", self.endpoint)?,
            profile: optional("profile", self.profile)?,
        };
        let prefix = self.prefix.map(str::to_owned);
        Ok(Requirement {
            alternatives: vec![Alternative {
                env,
                prefix,
                selector,
            }],
            ..Requirement::new(Selector::default())
        })
    }
}

/// Who asks.
#[derive(Default)]
pub(crate) struct Caller<'a> {
    pub(crate) project: Option<&'a str>,
    pub(crate) user: Option<&'a str>,
    pub(crate) groups: Option<Vec<String>>,
    pub(crate) workflow: Option<&'a str>,
    pub(crate) zone: Option<&'a str>,
}

impl Caller<'_> {
    pub(crate) fn context(self) -> Result<RunContext, Argument> {
        let groups = self.groups.unwrap_or_default();
        let groups = groups.iter().map(|group| name("groups", group));
        Ok(RunContext {
            project: optional("project", self.project)?,
            user: optional("user", self.user)?,
            groups: groups.collect::<Result<_, _>>()?,
            workflow: optional("workflow", self.workflow)?,
            zone: optional("zone", self.zone)?.map_or(Zone::Unknown, Zone::Known),
            now: None,
        })
    }
}

pub(crate) fn on_ambiguity(word: &str) -> Result<OnAmbiguity, Argument> {
    match word {
        "fail" => Ok(OnAmbiguity::Fail),
        "first" => Ok(OnAmbiguity::First),
        _ => Err(Argument {
            name: "on_ambiguity",
            code: "invalid-choice",
            message: format!("`{}` is no way out of an ambiguity", Name::nearest(word)),
            help: Some("it is `fail` or `first`".to_owned()),
        }),
    }
}

/// Requirements from dictionaries, in the form in which they stand in files.
pub(crate) fn requirements(given: &Bound<'_, PyAny>) -> PyResult<Vec<Requirement>> {
    let text = values::json_text(given)?;
    let mut requirements = parse_requirements("requirements", text.as_bytes());
    if let Err(findings) = &mut requirements {
        // The text is of our making.
        findings.iter_mut().for_each(|finding| finding.span = None);
    }
    Ok(requirements.map_err(Problem::Findings)?)
}

pub(crate) fn name(argument: &'static str, text: &str) -> Result<Name, Argument> {
    Name::new(text).map_err(|error| Argument {
        name: argument,
        code: "invalid-name",
        message: error.to_string(),
        help: None,
    })
}

fn optional(argument: &'static str, text: Option<&str>) -> Result<Option<Name>, Argument> {
    text.map(|text| name(argument, text)).transpose()
}

fn settable(argument: &'static str, variable: &str) -> Result<(), Argument> {
    is_settable(variable).map_err(|reason| Argument {
        name: argument,
        code: "invalid-variable",
        message: reason.to_string(),
        help: Some(reason.help().to_owned()),
    })
}
