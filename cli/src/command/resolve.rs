use std::collections::BTreeMap;

use clap::Args;
use hitchpost::{
    Explanation, Requirement, Selector,
    core::{Constraint, Name},
    resolver::{Alternative, EnvSource, EnvValue, is_settable},
};
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::{
    arguments::GlobalArgs,
    command::needs::{Answer, FileArgs, LockedArgs, Needs},
    error::CommandError,
    exit::Exit,
    output::{Format, Output},
    render::{
        explanation::{explanations, failures},
        resolution::{bindings, variables},
    },
};

#[derive(Debug, Args)]
#[command(
    // `--version` is the constraint.
    disable_version_flag = true,
    after_help = "\
Examples:
  hitchpost resolve --service s3 --version '>=4' --project alpha
  hitchpost resolve --extension minio --instance main --explain
  hitchpost resolve -r needs.yaml -o json
  hitchpost resolve -f workflow.yaml --step trainer --zone prod --explain
  echo '[{name: db, service: postgresql}]' | hitchpost resolve -r -

As JSON and YAML, failures are part of the document:
  {\"revision\", \"bindings\": [{\"name\", \"extension\", \"product\", \"instance\",
   \"version\", \"service\", \"type\", \"category\", \"endpoint\", \"profile\", \"zone\",
   \"expires_at\", \"configuration\", \"env\", \"pin\"}],
   \"failures\": [{\"name\", \"code\", \"message\", \"candidates\"}]}
with --explain also \"explanations\": [{\"name\", \"code\", \"message\",
\"candidates\", \"hidden\"}]."
)]
pub(crate) struct ResolveArgs {
    #[command(flatten)]
    one: RequirementArgs,
    #[command(flatten)]
    files: FileArgs,
    #[command(flatten)]
    how: LockedArgs,
    /// Show what became of every candidate
    #[arg(long, help_heading = "Resolution")]
    explain: bool,
    /// Show secrets
    #[arg(long, help_heading = "Resolution")]
    reveal: bool,
}

/// One requirement; each flag is named like the field of a requirement.
#[derive(Debug, Args)]
#[command(next_help_heading = "One requirement")]
struct RequirementArgs {
    /// The handle [default: default]
    #[arg(long)]
    name: Option<Name>,
    /// The record's name
    #[arg(long, value_name = "NAME")]
    extension: Option<Name>,
    /// The product
    #[arg(long, value_name = "NAME")]
    product: Option<Name>,
    /// The instance's name
    #[arg(long, value_name = "NAME")]
    instance: Option<Name>,
    /// A service of the record by name, else by type; a service type where neither `--extension`
    /// nor `--instance` is given
    #[arg(long, value_name = "NAME")]
    service: Option<Name>,
    /// The service type
    #[arg(long, value_name = "TYPE")]
    service_type: Option<Name>,
    /// The service's name
    #[arg(long, value_name = "NAME")]
    service_name: Option<Name>,
    /// The service's category
    #[arg(long, value_name = "NAME")]
    category: Option<Name>,
    /// The version constraint, as '>=4,<5'
    #[arg(long, value_name = "CONSTRAINT")]
    version: Option<String>,
    /// A label of the record; may be repeated
    #[arg(long = "label", value_name = "NAME=VALUE")]
    labels: Vec<String>,
    /// The endpoint, by its name or type
    #[arg(long, value_name = "NAME")]
    endpoint: Option<Name>,
    /// The profile
    #[arg(long, value_name = "NAME")]
    profile: Option<Name>,
    /// The zone in which the instance runs
    #[arg(long, value_name = "NAME")]
    in_zone: Option<Name>,
    /// A requirement that is not met is no failure
    #[arg(long)]
    optional: bool,
    /// A variable to set from `url`, `version`, `product`, `instance` or a configuration key; may
    /// be repeated
    #[arg(long, value_name = "NAME=SOURCE")]
    env: Vec<String>,
    /// A prefix for every variable
    #[arg(long)]
    prefix: Option<String>,
}

impl RequirementArgs {
    /// The first flag that is given.
    fn given(&self) -> Option<&'static str> {
        let flags = [
            ("--name", self.name.is_some()),
            ("--extension", self.extension.is_some()),
            ("--product", self.product.is_some()),
            ("--instance", self.instance.is_some()),
            ("--service", self.service.is_some()),
            ("--service-type", self.service_type.is_some()),
            ("--service-name", self.service_name.is_some()),
            ("--category", self.category.is_some()),
            ("--version", self.version.is_some()),
            ("--label", !self.labels.is_empty()),
            ("--endpoint", self.endpoint.is_some()),
            ("--profile", self.profile.is_some()),
            ("--in-zone", self.in_zone.is_some()),
            ("--optional", self.optional),
            ("--env", !self.env.is_empty()),
            ("--prefix", self.prefix.is_some()),
        ];
        flags
            .into_iter()
            .find(|(_, is_given)| *is_given)
            .map(|(flag, _)| flag)
    }

    fn requirement(&self) -> Result<Requirement, CommandError> {
        let mut labels = BTreeMap::new();
        for (name, value) in pairs("--label", "NAME=VALUE", &self.labels)? {
            let malformed = |source| CommandError::MalformedName {
                flag: "--label",
                text: name.to_owned(),
                source,
            };
            labels.insert(Name::new(name).map_err(malformed)?, value.to_owned());
        }
        let mut env = Vec::new();
        for (name, source) in pairs("--env", "NAME=SOURCE", &self.env)? {
            is_settable(name)?;
            env.push((name.to_owned(), EnvSource::from_word(source)));
        }
        if let Some(prefix) = &self.prefix {
            is_settable(prefix)?;
        }
        let selector = Selector {
            extension: self.extension.clone(),
            product: self.product.clone(),
            instance: self.instance.clone(),
            service: self.service.clone(),
            service_type: self.service_type.clone(),
            service_name: self.service_name.clone(),
            category: self.category.clone(),
            version: self.version.as_deref().map(Constraint::parse),
            labels,
            zone: self.in_zone.clone(),
            endpoint: self.endpoint.clone(),
            profile: self.profile.clone(),
        };
        let mut requirement = Requirement::new(selector.clone());
        requirement.alternatives = vec![Alternative {
            selector,
            env,
            prefix: self.prefix.clone(),
        }];
        requirement.optional = self.optional;
        Ok(match &self.name {
            Some(name) => requirement.named(name.clone()),
            None => requirement,
        })
    }
}

fn pairs<'a>(
    flag: &'static str,
    wanted: &'static str,
    texts: &'a [String],
) -> Result<Vec<(&'a str, &'a str)>, CommandError> {
    texts
        .iter()
        .map(|text| {
            text.split_once('=')
                .ok_or(CommandError::Malformed { flag, wanted })
        })
        .collect()
}

pub(crate) fn resolve(
    arguments: &ResolveArgs,
    global: &GlobalArgs,
    output: &Output,
) -> Result<Exit, CommandError> {
    let needs = match (arguments.files.read()?, arguments.one.given()) {
        (Some(_), Some(flag)) => return Err(CommandError::TwoSources { flag }),
        (Some(needs), None) => needs,
        (None, Some(_)) => Needs {
            requirements: vec![arguments.one.requirement()?],
            ..Needs::default()
        },
        (None, None) => return Err(CommandError::NoRequirement),
    };
    let answer = needs.resolve(&arguments.how, global)?;
    let Answer {
        registry,
        resolution,
        caller,
    } = &answer;
    let own = match resolution.is_complete() {
        true => needs.environment(resolution)?,
        false => Vec::new(),
    };
    let explained = match arguments.explain {
        true => registry.explain(
            &needs.requirements,
            caller,
            arguments.how.how.on_ambiguity.into(),
        ),
        false => Vec::new(),
    };
    let mut document = match arguments.reveal {
        true => resolution.revealed(&mut |secret| registry.reveal(secret))?,
        false => {
            serde_json::to_value(resolution).map_err(|error| CommandError::Output(error.into()))?
        }
    };
    if output.format == Format::Table {
        print(
            &document,
            &step_variables(&needs, &own, &answer, arguments.reveal)?,
            &explained,
            &answer,
            output,
        )?;
    } else {
        if let (true, Some(object)) = (arguments.explain, document.as_object_mut()) {
            let explained = serde_json::to_value(&explained)
                .map_err(|error| CommandError::Output(error.into()))?;
            object.insert("explanations".to_owned(), explained);
        }
        output.show_as(output.format, &document)?;
    }
    Ok(resolution
        .failures
        .first()
        .map_or(Exit::Ok, |failure| failure.code.into()))
}

/// The variables that a step sets itself, as they may be shown.
fn step_variables(
    needs: &Needs,
    all: &[(String, EnvValue)],
    answer: &Answer,
    reveal: bool,
) -> Result<Vec<(String, String)>, CommandError> {
    let Some(step) = &needs.step else {
        return Ok(Vec::new());
    };
    let own = all
        .iter()
        .filter(|(name, _)| step.variables().contains(name));
    let shown = own.map(|(name, value)| match reveal {
        true => {
            let opened = value.reveal(&mut |secret| answer.registry.reveal(secret))?;
            Ok((name.clone(), opened.expose_secret().to_owned()))
        }
        false => Ok((name.clone(), value.shown())),
    });
    shown.collect()
}

fn print(
    document: &Value,
    own: &[(String, String)],
    explained: &[Explanation],
    answer: &Answer,
    output: &Output,
) -> Result<(), CommandError> {
    let mut blocks = vec![
        bindings(document, output.style),
        variables("the step's own variables", own, output.style),
    ];
    blocks.push(explanations(explained, output.style));
    blocks.retain(|block| !block.is_empty());
    output.print(&blocks.join("\n"))?;
    if explained.is_empty() && !answer.resolution.is_complete() {
        output.complain(&failures(&answer.resolution.failures, output.error_style));
    } else if !answer.resolution.is_complete() {
        // The explanations have the candidates of those that failed, too.
        let unexplained = answer.resolution.failures.iter().filter(|failure| {
            explained
                .iter()
                .all(|explanation| explanation.name != failure.name || explanation.code.is_none())
        });
        let unexplained: Vec<_> = unexplained.cloned().collect();
        output.complain(&failures(&unexplained, output.error_style));
    }
    Ok(())
}
