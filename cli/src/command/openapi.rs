use std::{
    fmt::Write,
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::{Args, ValueEnum, ValueHint};
use hitchpost::openapi::{self, Description, Diagnostic, Options, SchemaMode, Versions};

use crate::{
    error::CommandError,
    exit::Exit,
    output::{Format, Output},
    render::{
        found,
        style::{Style, padded},
    },
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hitchpost openapi app/main.py
  hitchpost openapi app/main.py:create_app --openapi 3.0 -o yaml > openapi.yaml
  hitchpost openapi shop.main:app --root src --site-packages .venv/lib/python3.12/site-packages
  hitchpost openapi shop/models.py:Item --schema validation

The source is read as text; nothing of it runs. The document goes to standard
output, and to standard error what cannot be known without running the service:
in the document, that is an object with the key `x-hitchpost-unknown`.")]
pub(crate) struct OpenapiArgs {
    /// `FILE.py` or `package.module`, and the application in it or the function that makes it;
    /// without one it is looked for
    #[arg(value_name = "FILE[:ATTRIBUTE]", value_hint = ValueHint::FilePath)]
    entry: String,
    /// A folder in which the service's own modules are looked up; may be repeated. Without one, the
    /// nearest folder above the file that is no package
    #[arg(long = "root", value_name = "DIR", value_hint = ValueHint::DirPath)]
    roots: Vec<PathBuf>,
    /// A folder of installed packages, from which types of libraries are read; may be repeated
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    site_packages: Vec<PathBuf>,
    /// A variable that the service sees when it is imported; may be repeated
    #[arg(long = "env", value_name = "NAME=VALUE")]
    environment: Vec<String>,
    /// The version of `fastapi`, `pydantic` or `python` that the service runs with; may be
    /// repeated. Without it, that of the installed package, else of a lock file, else the newest
    #[arg(long = "assume", value_name = "NAME==VERSION")]
    versions: Vec<String>,
    /// The version of OpenAPI: `3.1`, or `3.0` with a report of what it cannot say
    #[arg(
        long = "openapi",
        value_enum,
        default_value_t,
        value_name = "VERSION",
        hide_possible_values = true
    )]
    version: Version,
    /// The JSON Schema of a type instead, which the entry names: of what it accepts
    /// (`validation`), or of what it gives back (`serialization`)
    #[arg(
        long,
        value_enum,
        value_name = "MODE",
        hide_possible_values = true,
        conflicts_with_all = ["version", "stats"]
    )]
    schema: Option<Mode>,
    /// Refuse a service of which something is not known
    #[arg(long)]
    strict: bool,
    /// Say how much was read, and how long it took
    #[arg(long)]
    stats: bool,
    /// Neither look for a finished document of the same sources nor keep this one
    #[arg(long)]
    no_cache: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Version {
    #[default]
    #[value(name = "3.1")]
    V31,
    #[value(name = "3.0")]
    V30,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    Validation,
    Serialization,
}

impl From<Mode> for SchemaMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Validation => Self::Validation,
            Mode::Serialization => Self::Serialization,
        }
    }
}

pub(crate) fn openapi(arguments: &OpenapiArgs, output: &Output) -> Result<Exit, CommandError> {
    let options = Options {
        roots: arguments.roots.clone(),
        site_packages: arguments.site_packages.clone(),
        environment: arguments.environment()?,
        versions: arguments.versions()?,
        cache: openapi::cache_folder().filter(|_| !arguments.no_cache),
    };
    // A document has no form for people.
    let format = if output.format == Format::Yaml {
        Format::Yaml
    } else {
        Format::Json
    };
    if let Some(mode) = arguments.schema {
        let schema = openapi::schema(&arguments.entry, mode.into(), &options);
        let (schema, _) = arguments.told(schema, |(_, found)| found, output)?;
        output.show_as(format, &schema)?;
        return Ok(Exit::Ok);
    }
    let service = openapi::openapi(&arguments.entry, &options);
    let service = arguments.told(service, |service| &service.diagnostics, output)?;
    if arguments.stats {
        output.complain(&stats(&service, output.error_style));
    }
    match arguments.version {
        Version::V31 => output.show_as(format, &service.document)?,
        Version::V30 => {
            let down = openapi::openapi_v30(&service.document)?;
            output.say(|style| found::losses(&down.lost, style));
            output.show_as(format, &down.document)?;
        }
    }
    Ok(Exit::Ok)
}

impl OpenapiArgs {
    /// Says what was found on the way, and refuses what is not known where that is asked for.
    fn told<T>(
        &self,
        read: Result<T, openapi::Error>,
        found: impl Fn(&T) -> &Vec<Diagnostic>,
        output: &Output,
    ) -> Result<T, CommandError> {
        let diagnostics = match &read {
            Ok(read) => found(read).as_slice(),
            // The last is the error itself.
            Err(error) => error
                .diagnostics()
                .split_last()
                .map_or(&[][..], |(_, others)| others),
        };
        if output.format == Format::Table || read.is_ok() {
            output.say(|style| found::diagnostics(diagnostics, style));
        }
        let count = diagnostics.len();
        let read = read?;
        if self.strict && count > 0 {
            return Err(CommandError::NotKnown { count });
        }
        Ok(read)
    }

    fn environment(&self) -> Result<Vec<(String, String)>, CommandError> {
        let pairs = self.environment.iter().map(|pair| {
            let pair = pair.split_once('=').filter(|(name, _)| !name.is_empty());
            let (name, value) = pair.ok_or(CommandError::Malformed {
                flag: "--env",
                wanted: "`NAME=VALUE`",
            })?;
            Ok((name.to_owned(), value.to_owned()))
        });
        pairs.collect()
    }

    fn versions(&self) -> Result<Versions, CommandError> {
        let mut versions = Versions::default();
        for pair in &self.versions {
            let (name, version) = pair.split_once("==").unwrap_or((pair, ""));
            let place = match name.trim() {
                "fastapi" => Some(&mut versions.fastapi),
                "pydantic" => Some(&mut versions.pydantic),
                "python" => Some(&mut versions.python),
                _ => None,
            };
            let (Some(place), Some(version)) = (place, openapi::Version::parse(version)) else {
                return Err(CommandError::Malformed {
                    flag: "--assume",
                    wanted: "`fastapi==VERSION`, `pydantic==VERSION` or `python==VERSION`",
                });
            };
            *place = Some(version);
        }
        Ok(versions)
    }
}

fn stats(service: &Description, style: Style) -> String {
    let stats = &service.stats;
    let milliseconds = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1e3);
    let texts: Vec<_> = service
        .sources
        .iter()
        .filter_map(|path| fs::read_to_string(path).ok())
        .collect();
    let start = Instant::now();
    for text in &texts {
        let _parsed = openapi::parse_alone(text);
    }
    let parsing = start.elapsed();
    let mut rows = vec![
        ("files", format!("{}, {} bytes", stats.files, stats.bytes)),
        (
            "found",
            format!("{} operations, {} types", stats.operations, stats.types),
        ),
        ("total", milliseconds(stats.total)),
    ];
    let assumed = service.versions.iter();
    rows.extend(assumed.map(|it| (it.name.as_str(), format!("{} ({})", it.version, it.from))));
    if stats.is_cached {
        rows.push(("cache", "found".to_owned()));
    } else {
        rows.push(("reading", milliseconds(stats.reading)));
        rows.push((
            "parsing",
            format!("{} if nothing else is done", milliseconds(parsing)),
        ));
        rows.push(("cache", "not found".to_owned()));
    }
    let mut text = String::new();
    for (name, value) in rows {
        let _ = writeln!(text, "{} {value}", style.bold(&padded(name, 8)));
    }
    text
}
