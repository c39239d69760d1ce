use std::{fmt::Write, path::PathBuf};

use clap::{Args, Subcommand};
use hitchpost::core::{Auth, CatalogueProduct, CatalogueService, HealthCheck, decode::closest};

use hitchpost::user_catalogue;

use crate::{
    error::CommandError,
    exit::Exit,
    output::Output,
    render::{
        style::{Style, padded, width, wrapped},
        table::table,
    },
};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hitchpost catalog list
  hitchpost catalog show mlflow
  hitchpost catalog show in-house --add in-house.yaml

Files of your own that every command is to know are named in HITCHPOST_CATALOG:
files and folders, parted by colons.")]
pub(crate) struct CatalogArgs {
    #[command(subcommand)]
    command: CatalogCommand,
    /// A further catalogue file, or a folder of them; may be repeated
    #[arg(long = "add", global = true, value_name = "PATH")]
    files: Vec<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum CatalogCommand {
    /// List the tools
    List,
    /// Show a tool: its services, their configuration keys and variables
    Show {
        /// The product, by its name or another one
        product: String,
    },
}

pub(crate) fn catalog(arguments: &CatalogArgs, output: &Output) -> Result<Exit, CommandError> {
    let catalogue = user_catalogue(&arguments.files)?;
    match &arguments.command {
        CatalogCommand::List => {
            let products: Vec<&CatalogueProduct> = catalogue.products().collect();
            output.show(&products, |style| {
                let rows: Vec<_> = products.iter().map(|product| row(product)).collect();
                table(["PRODUCT", "SERVICES", "DESCRIPTION"], &rows, style)
            })?;
        }
        CatalogCommand::Show { product: name } => {
            let product = catalogue
                .product(name)
                .ok_or_else(|| no_product(name, catalogue.products()))?;
            output.show(product, |style| page(product, style))?;
        }
    }
    Ok(Exit::Ok)
}

pub(crate) fn no_product<'c>(
    name: &str,
    products: impl Iterator<Item = &'c CatalogueProduct>,
) -> CommandError {
    let names =
        products.flat_map(|product| std::iter::once(&product.product).chain(&product.aliases));
    let near = closest(name, names.map(|name| name.as_str()));
    CommandError::NoProduct {
        name: name.to_owned(),
        near: near.map(str::to_owned),
    }
}

fn row(product: &CatalogueProduct) -> [String; 3] {
    let services: Vec<&str> = product
        .services
        .iter()
        .map(|service| service.service_type.as_str())
        .collect();
    [
        product.product.to_string(),
        services.join(", "),
        product.description.clone(),
    ]
}

fn page(product: &CatalogueProduct, style: Style) -> String {
    let mut text = format!(
        "{}  {}\n",
        style.bold(product.product.as_str()),
        product.title
    );
    for line in wrapped(&product.description, style.beside(2)) {
        let _ = writeln!(text, "  {line}");
    }
    if let Some(homepage) = &product.homepage {
        let _ = writeln!(text, "  {homepage}");
    }
    if !product.aliases.is_empty() {
        let aliases: Vec<&str> = product.aliases.iter().map(|name| name.as_str()).collect();
        let _ = writeln!(text, "  also called {}", aliases.join(", "));
    }
    let _ = writeln!(text, "  versions are read as {}", product.version_scheme);
    for service in &product.services {
        text.push_str(&service_block(service, style));
    }
    text
}

fn service_block(service: &CatalogueService, style: Style) -> String {
    let mut text = format!(
        "\nservice {}  {}\n",
        style.bold(service.service_type.as_str()),
        service.category
    );
    for line in wrapped(&service.description, style.beside(2)) {
        let _ = writeln!(text, "  {line}");
    }
    let facts = [
        service.port.map(|port| format!("port {port}")),
        service.auth.map(|auth| match auth {
            Auth::Required => "wants an account".to_owned(),
            Auth::Optional => "may want an account".to_owned(),
            Auth::None => "wants no account".to_owned(),
        }),
        service.health.as_ref().and_then(|health| match health {
            HealthCheck::Http(path) => Some(format!("checked by GET {path}")),
            HealthCheck::Tcp => Some("checked by a connection".to_owned()),
            _ => None,
        }),
    ];
    let facts: Vec<String> = facts.into_iter().flatten().collect();
    if !facts.is_empty() {
        let _ = writeln!(text, "  {}", facts.join(", "));
    }
    let keys = service.configuration.iter().map(|key| {
        let marks = [
            key.required.then_some("required"),
            key.secret.then_some("secret"),
        ];
        let marks: Vec<&str> = marks.into_iter().flatten().collect();
        (
            key.name.clone(),
            if marks.is_empty() {
                key.description.clone()
            } else {
                format!("({}) {}", marks.join(", "), key.description)
            },
        )
    });
    text.push_str(&listing("configuration", keys.collect(), style));
    let variables = service
        .environment
        .iter()
        .map(|variable| (variable.name.clone(), variable.value.to_string()));
    text.push_str(&listing("environment", variables.collect(), style));
    text
}

/// Names and texts in two columns under a heading.
fn listing(heading: &str, lines: Vec<(String, String)>, style: Style) -> String {
    let mut text = String::new();
    let column = lines.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
    if !lines.is_empty() {
        let _ = writeln!(text, "  {}", style.dim(heading));
    }
    for (name, value) in lines {
        let mut parts = wrapped(&value, style.beside(column + 6)).into_iter();
        let _ = writeln!(
            text,
            "    {}  {}",
            padded(&name, column),
            parts.next().unwrap_or_default()
        );
        for part in parts {
            let _ = writeln!(text, "    {}  {part}", " ".repeat(column));
        }
    }
    text
}
