use hitchpost_registry_core::{Catalogue, Name};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::{
    binding::{Binding, Value},
    environment::Secret,
};

/// How a service is reached and with which account: a binding with its secrets opened, in the
/// terms that most formats share.
#[derive(Debug, Clone)]
pub struct Account {
    /// The requirement's handle.
    pub name: Name,
    /// The service's type.
    pub service_type: Name,
    /// The product.
    pub product: Name,
    /// The endpoint's URL.
    pub url: Option<String>,
    /// The URL's scheme.
    pub scheme: Option<String>,
    /// The URL's host; an IPv6 address without brackets.
    pub host: Option<String>,
    /// The URL's port, or the usual one of its scheme or of the service type.
    pub port: Option<u16>,
    /// The user, access key id or the like.
    pub username: Option<SecretString>,
    /// The password, secret key or the like.
    pub password: Option<SecretString>,
    /// A token that stands for both.
    pub token: Option<SecretString>,
    /// The database: from the configuration, else the URL's path.
    pub database: Option<String>,
    /// The rest of the configuration.
    pub settings: Vec<Setting>,
}

/// A configuration value of an [`Account`].
#[derive(Debug, Clone)]
pub struct Setting {
    /// The key, as the record has it.
    pub name: String,
    /// The key as the catalogue calls it; the same, where it does not know it.
    pub key: String,
    /// The value. `Debug` shows none, secret or not.
    pub value: SecretString,
    /// Whether it is secret.
    pub is_secret: bool,
}

impl Account {
    /// A setting by the key that the catalogue knows it by.
    #[must_use]
    pub fn setting(&self, key: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.key == key)
    }

    /// Opens a binding. Which of its configuration is the user, the password, a token and the
    /// database is what the catalogue says of the service type, by the names and aliases
    /// `username`, `user`, `password`, `token` and `database`; the same words serve where it says
    /// nothing.
    ///
    /// # Errors
    /// The error of `open`.
    pub fn reveal<E>(
        binding: &Binding,
        catalogue: &Catalogue,
        open: &mut dyn FnMut(&Secret) -> Result<SecretString, E>,
    ) -> Result<Self, E> {
        let known = catalogue.service_type(binding.service_type.as_str());
        let mut settings = Vec::with_capacity(binding.configuration.len());
        for entry in &binding.configuration {
            let (value, is_secret) = match &entry.value {
                Value::Public(text) => (SecretString::from(text.as_str()), false),
                Value::Secret(secret) => (open(secret)?, true),
            };
            let key = known.and_then(|known| {
                known
                    .configuration
                    .iter()
                    .find(|key| key.is_called(&entry.name))
            });
            let key = key.map_or_else(|| entry.name.clone(), |key| key.name.clone());
            settings.push(Setting {
                name: entry.name.clone(),
                key,
                value,
                is_secret,
            });
        }
        let mut take = |words: &[&str]| {
            let key = known.and_then(|known| {
                known
                    .configuration
                    .iter()
                    .find(|key| words.iter().any(|word| key.is_called(word)))
            });
            let by_key = key.and_then(|key| {
                // The key's own name comes before its aliases, and they in their order.
                let names = std::iter::once(&key.name).chain(&key.aliases);
                names
                    .into_iter()
                    .find_map(|name| settings.iter().position(|setting| setting.name == *name))
            });
            let found = by_key.or_else(|| {
                settings.iter().position(|setting| {
                    words
                        .iter()
                        .any(|word| setting.name.eq_ignore_ascii_case(word))
                })
            });
            found.map(|index| settings.remove(index))
        };
        let username = take(&["username", "user"]);
        let password = take(&["password"]);
        let token = take(&["token"]);
        let database = take(&["database"]);
        let url = binding
            .endpoint
            .as_ref()
            .and_then(|endpoint| endpoint.url.clone());
        let parsed = url.as_deref().and_then(|url| Url::parse(url).ok());
        let path = parsed
            .as_ref()
            .filter(|url| !matches!(url.scheme(), "http" | "https"))
            .and_then(|url| {
                let path = url.path().trim_matches('/');
                (!path.is_empty() && !path.contains('/')).then(|| decoded(path))
            });
        let value = |setting: Option<Setting>| setting.map(|setting| setting.value);
        Ok(Self {
            name: binding.name.clone(),
            service_type: binding.service_type.clone(),
            product: binding.product.clone(),
            scheme: parsed.as_ref().map(|url| url.scheme().to_owned()),
            host: parsed
                .as_ref()
                .and_then(|url| url.host_str())
                .map(|host| host.trim_matches(['[', ']']).to_owned()),
            port: parsed
                .as_ref()
                .and_then(|url| url.port_or_known_default().or_else(|| known?.port)),
            url,
            username: value(username),
            password: value(password),
            token: value(token),
            database: value(database)
                .map(|database| database.expose_secret().to_owned())
                .or(path),
            settings,
        })
    }
}

/// A path segment without percent-encoding; as it stands, where that is no UTF-8.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}
