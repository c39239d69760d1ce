use std::{
    collections::BTreeMap,
    io::{self, IsTerminal, Read},
    path::Path,
};

use clap::Args;
use hitchpost::{
    Catalogue, Diagnostics, Extension,
    core::{CatalogueService, ConfigurationKey, Name},
    parse_records,
};
use hitchpost_store::{ApplyOptions, StoreError};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use hitchpost::{SourceError, has_error, user_catalogue, who};

use crate::{
    arguments::GlobalArgs,
    command::{
        apply::{note, write_records},
        catalog::no_product,
    },
    error::CommandError,
    exit::Exit,
    input,
    output::{Format, Output},
    render::labelled,
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hitchpost add mlflow --url http://mlflow:5000 --version 2.10
  hitchpost add minio --url http://minio:9000 --set AWS_REGION=eu-central-1 \\
    --secret AWS_ACCESS_KEY_ID=@id --secret AWS_SECRET_ACCESS_KEY=@key
  pass mlflow | hitchpost add mlflow --url https://mlflow --secret token
  hitchpost add our-own --service features --url http://features --dry-run")]
pub(crate) struct AddArgs {
    /// A tool of the catalogue (`hitchpost catalog list`), or with `--service` any other
    product: Name,
    /// The record's name; the product's when not given
    #[arg(long)]
    name: Option<Name>,
    /// Where it is
    #[arg(long)]
    url: String,
    /// The installed version
    #[arg(long)]
    version: Option<String>,
    /// The service type; the first of the product's when not given
    #[arg(long, value_name = "TYPE")]
    service: Option<Name>,
    /// The zone it runs in; `local` when not given
    #[arg(long, value_name = "NAME")]
    zone: Option<Name>,
    /// A configuration value that everybody may see
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// A secret: its value is read from standard input, or asked for on a terminal; from a file
    /// with `KEY=@FILE`. Never from the command line
    #[arg(long, value_name = "KEY[=@FILE]")]
    secret: Vec<String>,
    /// Change nothing; print the record
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn add(
    arguments: &AddArgs,
    global: &GlobalArgs,
    output: &Output,
) -> Result<Exit, CommandError> {
    let catalogue = user_catalogue(&[])?;
    let service = service(arguments, &catalogue)?;
    let (record, findings) = record(arguments, service, &catalogue)?;
    if let Some(known) = service {
        missing(known, &record, output);
    }
    if arguments.dry_run {
        note(&findings, output);
        let format = if output.format == Format::Json {
            Format::Json
        } else {
            Format::Yaml
        };
        output.show_as(format, &[&record])?;
        return Ok(Exit::Ok);
    }
    let expect = BTreeMap::from([(record.name.clone(), 0)]);
    let options = ApplyOptions {
        who: who(),
        expect,
        ..ApplyOptions::default()
    };
    match write_records(&[record], &findings, &options, global, output) {
        Err(CommandError::Store(StoreError::Conflict { name, .. })) => Err(CommandError::Exists {
            name: name.to_string(),
        }),
        result => result,
    }
}

/// What the catalogue knows about the service; `None` for a tool that it does not know.
fn service<'c>(
    arguments: &AddArgs,
    catalogue: &'c Catalogue,
) -> Result<Option<&'c CatalogueService>, CommandError> {
    let name = arguments.product.as_str();
    match (catalogue.product(name), &arguments.service) {
        (None, None) => Err(no_product(name, catalogue.products())),
        (None, Some(service)) => Ok(catalogue.service_type(service.as_str())),
        (Some(product), None) => Ok(product.services.first()),
        (Some(product), Some(wanted)) => {
            let found = product
                .services
                .iter()
                .find(|service| service.service_type == *wanted);
            found.map(Some).ok_or_else(|| CommandError::NoServiceType {
                name: wanted.to_string(),
                product: product.product.to_string(),
                known: product
                    .services
                    .iter()
                    .map(|service| service.service_type.to_string())
                    .collect(),
            })
        }
    }
}

fn record(
    arguments: &AddArgs,
    service: Option<&CatalogueService>,
    catalogue: &Catalogue,
) -> Result<(Extension, Diagnostics), CommandError> {
    let mut public = Vec::new();
    for text in &arguments.set {
        let malformed = CommandError::Malformed {
            flag: "--set",
            wanted: "KEY=VALUE",
        };
        let (key, value) = text.split_once('=').ok_or(malformed)?;
        let known = known_key(service, key);
        if known.is_some_and(|known| known.secret) {
            return Err(CommandError::SecretOnCommandLine {
                key: key.to_owned(),
            });
        }
        public.push(json!({ "name": known.map_or(key, |known| &known.name), "value": value }));
    }
    let mut secret = Vec::new();
    for (key, value) in secrets(&arguments.secret)? {
        let name = known_key(service, key).map_or(key, |known| &known.name);
        secret.push(json!({ "name": name, "value": *value }));
    }
    let service_type = match (service, &arguments.service) {
        (Some(service), _) => service.service_type.as_str(),
        (None, Some(name)) => name.as_str(),
        (None, None) => arguments.product.as_str(),
    };
    let product = catalogue
        .product(arguments.product.as_str())
        .map_or(&arguments.product, |product| &product.product);
    let mut part = json!({
        "name": service_type,
        "endpoints": [{ "name": "default", "type": "external", "url": arguments.url }],
    });
    let mut instance = json!({ "name": "default" });
    let add = |to: &mut Value, key: &str, value: Option<Value>| {
        if let (Some(object), Some(value)) = (to.as_object_mut(), value) {
            object.insert(key.to_owned(), value);
        }
    };
    add(
        &mut part,
        "configuration",
        (!public.is_empty()).then(|| public.into()),
    );
    add(
        &mut instance,
        "version",
        arguments.version.as_deref().map(Into::into),
    );
    add(
        &mut instance,
        "location",
        arguments.zone.as_ref().map(|zone| zone.as_str().into()),
    );
    add(&mut instance, "services", Some(json!([part])));
    let profile = json!([{ "name": "default", "configuration": secret }]);
    add(
        &mut instance,
        "profiles",
        (!arguments.secret.is_empty()).then_some(profile),
    );
    let document = json!({
        "name": arguments.name.as_ref().unwrap_or(product).as_str(),
        "product": product.as_str(),
        "description": catalogue.product(product.as_str()).map_or("", |product| &product.description),
        "instances": [instance],
    });
    let text = Zeroizing::new(document.to_string());
    let (mut records, mut findings) = parse_records("add", text.as_bytes(), catalogue);
    for finding in &mut findings {
        // The text is made here: what its author wrote are the flags.
        finding.source = flag(&finding.path).into();
        finding.span = None;
        finding.excerpt = None;
    }
    match records.pop().filter(|_| !has_error(&findings)) {
        Some(record) => Ok((record, findings)),
        None => Err(CommandError::Findings(findings)),
    }
}

/// What the catalogue knows about a key, by its name or another one.
fn known_key<'c>(service: Option<&'c CatalogueService>, key: &str) -> Option<&'c ConfigurationKey> {
    service?
        .configuration
        .iter()
        .find(|entry| entry.is_called(key))
}

/// The flag from which the value at a JSON pointer comes.
fn flag(path: &str) -> &'static str {
    match path {
        _ if path.contains("/profiles") => "--secret",
        _ if path.contains("/configuration") => "--set",
        _ if path.ends_with("/url") => "--url",
        _ if path.ends_with("/version") => "--version",
        _ if path.ends_with("/location") => "--zone",
        _ if path.contains("/services") => "--service",
        _ if path.ends_with("/name") => "--name",
        "/product" => "PRODUCT",
        _ => "add",
    }
}

/// The values of secrets, from where their arguments say.
fn secrets(arguments: &[String]) -> Result<Vec<(&str, Zeroizing<String>)>, CommandError> {
    let mut values = Vec::new();
    let mut input_taken = false;
    for argument in arguments {
        let (key, value) = match argument.split_once('=') {
            Some((key, place)) => match place.strip_prefix('@') {
                Some(path) => (key, input::read(Path::new(path))?.bytes),
                None => {
                    return Err(CommandError::SecretOnCommandLine {
                        key: key.to_owned(),
                    });
                }
            },
            None if io::stdin().is_terminal() => {
                let unreadable = |source| {
                    CommandError::Source(SourceError::Unreadable {
                        path: "the terminal".into(),
                        source,
                    })
                };
                let value =
                    rpassword::prompt_password(format!("{argument}: ")).map_err(unreadable)?;
                (argument.as_str(), Zeroizing::new(value.into_bytes()))
            }
            None if input_taken => return Err(CommandError::StandardInputTwice),
            None => {
                input_taken = true;
                let mut bytes = Zeroizing::new(Vec::new());
                let unreadable = |source| {
                    CommandError::Source(SourceError::Unreadable {
                        path: "standard input".into(),
                        source,
                    })
                };
                io::stdin()
                    .lock()
                    .take(1 << 20)
                    .read_to_end(&mut bytes)
                    .map_err(unreadable)?;
                (argument.as_str(), bytes)
            }
        };
        let text = str::from_utf8(&value).map_err(|_| CommandError::SecretNotText {
            key: key.to_owned(),
        })?;
        let text = text
            .strip_suffix('\n')
            .map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
        if text.is_empty() {
            return Err(CommandError::EmptySecret {
                key: key.to_owned(),
            });
        }
        values.push((key, Zeroizing::new(text.to_owned())));
    }
    Ok(values)
}

/// Names the keys without which the catalogue says that the service cannot be used.
fn missing(known: &CatalogueService, record: &Extension, output: &Output) {
    let instances = record.instances.iter();
    let given: Vec<&str> = instances
        .flat_map(|instance| {
            let public = instance
                .services
                .iter()
                .flat_map(|service| &service.configuration)
                .map(|entry| entry.name.as_str());
            let secret = instance
                .profiles
                .iter()
                .flat_map(|profile| &profile.configuration)
                .map(|entry| entry.name.as_str());
            public.chain(secret)
        })
        .collect();
    for key in known.configuration.iter().filter(|key| key.required) {
        if !given.iter().any(|name| key.is_called(name)) {
            let how = if key.secret {
                format!("--secret {}", key.name)
            } else {
                format!("--set {}=…", key.name)
            };
            let message = format!(
                "{} cannot be used without `{}`: `{how}`",
                known.service_type, key.name
            );
            output.say(|style| labelled("note", &message, style));
        }
    }
}
