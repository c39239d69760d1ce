//! The catalogue of known tools: what their services are, how their versions are numbered, and
//! which environment variables their own clients read.

mod builtin;
mod load;

pub use load::catalogue_schema;

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Serialize;

use crate::{
    diagnostic::Diagnostics, name::Name, record::Auth, template::Template, version::Scheme,
};

/// The known tools. Open-ended: a record may name a product that is not here.
///
/// ```
/// use hitchpost_registry_core::Catalogue;
///
/// let catalogue = Catalogue::builtin();
/// let s3 = catalogue.service_type("s3").expect("shipped");
/// assert_eq!(s3.category.as_str(), "object-storage");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    products: BTreeMap<Name, CatalogueProduct>,
    aliases: BTreeMap<Name, Name>,
    service_types: BTreeMap<Name, CatalogueService>,
    /// Every configuration key and variable, and whether all that know it take it as public.
    public: BTreeMap<String, bool>,
}

/// A known tool.
#[derive(Debug, Clone, Serialize)]
pub struct CatalogueProduct {
    /// The product's name in records.
    pub product: Name,
    /// Its name as its makers write it.
    pub title: String,
    /// One line for people.
    pub description: String,
    /// Its home page.
    pub homepage: Option<String>,
    /// Other names by which records call it.
    pub aliases: Vec<Name>,
    /// How its releases are numbered.
    pub version_scheme: Scheme,
    /// What it offers.
    pub services: Vec<CatalogueService>,
}

/// A service type of a known tool.
#[derive(Debug, Clone, Serialize)]
pub struct CatalogueService {
    /// The service type, e.g. `s3`.
    #[serde(rename = "type")]
    pub service_type: Name,
    /// The class of interchangeable tools, e.g. `object-storage`.
    pub category: Name,
    /// One line for people.
    pub description: String,
    /// Whether it usually wants an account.
    pub auth: Option<Auth>,
    /// Its usual port.
    pub port: Option<u16>,
    /// How to see that it lives.
    pub health: Option<HealthCheck>,
    /// The configuration keys its records may carry.
    pub configuration: Vec<ConfigurationKey>,
    /// The environment that its own clients read, in order.
    pub environment: Vec<Projection>,
    /// Where the facts are from.
    pub source: Vec<String>,
}

/// A configuration key of a service type.
#[derive(Debug, Clone, Serialize)]
pub struct ConfigurationKey {
    /// The key.
    pub name: String,
    /// Other names under which records carry it.
    pub aliases: Vec<String>,
    /// Whether its value is secret.
    pub secret: bool,
    /// Whether the service cannot be used without it.
    pub required: bool,
    /// One line for people.
    pub description: String,
}

/// An environment variable and how its value is made.
#[derive(Debug, Clone, Serialize)]
pub struct Projection {
    /// The variable.
    pub name: String,
    /// Its value.
    pub value: Template,
}

/// How to see that a service lives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum HealthCheck {
    /// GET of this path below the endpoint's URL.
    Http(String),
    /// A TCP connection to the endpoint's host and port.
    Tcp,
}

impl Catalogue {
    /// The tools that the library ships.
    #[must_use]
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Catalogue> = LazyLock::new(|| {
            // A test holds every shipped file to be without findings.
            let mut catalogue = Catalogue::default();
            let _findings = catalogue.add(builtin::FILES);
            catalogue
        });
        &BUILTIN
    }

    /// Adds tools from catalogue files, each given as its name and content. A product that is
    /// known already is replaced; service types stay with the file that defines them first.
    ///
    /// ```
    /// use hitchpost_registry_core::Catalogue;
    ///
    /// let mut catalogue = Catalogue::builtin().clone();
    /// let file = "
    /// product: in-house
    /// title: In-house store
    /// description: Our feature store
    /// version_scheme: semver
    /// services:
    ///   - { type: in-house, category: feature-store, description: Its API }
    /// ";
    /// catalogue.add(&[("in-house.yaml", file)]).expect("a sound file");
    /// assert_eq!(catalogue.service_type("in-house").expect("added").category, "feature-store");
    /// ```
    ///
    /// # Errors
    /// All findings of the files; what could be read of them is added all the same.
    pub fn add(&mut self, files: &[(&str, &str)]) -> Result<(), Diagnostics> {
        let findings = load::load(self, files);
        self.index_keys();
        if findings.is_empty() {
            Ok(())
        } else {
            Err(findings)
        }
    }

    /// A tool by its name or an alias.
    #[must_use]
    pub fn product(&self, name: &str) -> Option<&CatalogueProduct> {
        let name = self.aliases.get(name).map_or(name, Name::as_str);
        self.products.get(name)
    }

    /// All tools, by name.
    pub fn products(&self) -> impl Iterator<Item = &CatalogueProduct> {
        self.products.values()
    }

    /// A service type.
    #[must_use]
    pub fn service_type(&self, name: &str) -> Option<&CatalogueService> {
        self.service_types.get(name)
    }

    /// All service types, by name.
    pub fn service_types(&self) -> impl Iterator<Item = &CatalogueService> {
        self.service_types.values()
    }

    /// Whether a key is known, and known by all that know it, to hold nothing secret: a
    /// configuration key that is not secret, or a variable made of none that is.
    #[must_use]
    pub fn is_public_key(&self, key: &str) -> bool {
        self.public.get(key).copied().unwrap_or(false)
    }

    fn index_keys(&mut self) {
        for service in self.service_types.values() {
            let keys = service.configuration.iter().flat_map(|entry| {
                std::iter::once(&entry.name)
                    .chain(&entry.aliases)
                    .map(|name| (name, !entry.secret))
            });
            let variables = service.environment.iter().map(|projection| {
                let is_secret = |key: &str| {
                    service
                        .configuration
                        .iter()
                        .any(|entry| entry.secret && entry.is_called(key))
                };
                (&projection.name, !projection.value.keys().any(is_secret))
            });
            for (name, is_public) in keys.chain(variables) {
                *self.public.entry(name.clone()).or_insert(true) &= is_public;
            }
        }
    }
}

impl ConfigurationKey {
    /// Whether a name is the key's or one of its aliases.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.iter().any(|alias| alias == name)
    }
}
