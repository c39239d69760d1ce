use secrecy::{ExposeSecret, SecretString};

use super::{Account, ExportFile};

/// The files of a service binding root: a folder for each account, named by its handle, in which
/// each entry is a file that only its owner may read (mode 0400).
///
/// The entries are `type`, `provider` (the product), `host`, `port`, `uri` (the endpoint's URL,
/// without the account), `username`, `password`, `token`, `database`, and the rest of the
/// configuration under its own names. An entry that is not known has no file; neither has one
/// whose name is none of a Secret's keys.
///
/// The format: <https://servicebinding.io/spec/core/1.1.0/#workload-projection>.
#[must_use]
pub fn servicebinding(accounts: &[Account]) -> Vec<ExportFile> {
    let mut files = Vec::new();
    for account in accounts {
        let mut entries: Vec<(&str, String)> = Vec::new();
        let mut add = |name, value: Option<&str>| {
            let is_new = entries.iter().all(|(earlier, _)| *earlier != name);
            entries.extend(
                value
                    .filter(|_| is_new)
                    .map(|value| (name, value.to_owned())),
            );
        };
        let opened = |secret: &Option<SecretString>| {
            secret
                .as_ref()
                .map(|secret| secret.expose_secret().to_owned())
        };
        add("type", Some(account.service_type.as_str()));
        add("provider", Some(account.product.as_str()));
        add("host", account.host.as_deref());
        add("port", account.port.map(|port| port.to_string()).as_deref());
        add("uri", account.url.as_deref());
        add("username", opened(&account.username).as_deref());
        add("password", opened(&account.password).as_deref());
        add("token", opened(&account.token).as_deref());
        add("database", account.database.as_deref());
        for setting in account
            .settings
            .iter()
            .filter(|setting| is_key(&setting.name))
        {
            add(&setting.name, Some(setting.value.expose_secret()));
        }
        files.extend(entries.into_iter().map(|(name, value)| ExportFile {
            path: format!("{}/{name}", account.name),
            content: value.into(),
            mode: 0o400,
        }));
    }
    files
}

/// Whether a name can be a key of a Kubernetes Secret, which entries come from.
fn is_key(name: &str) -> bool {
    let allowed = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    allowed && !name.starts_with('.') && (1..=253).contains(&name.len())
}
