//! The same questions answered in two other ways: by a scan of all records in memory, as FuseML's
//! extension registry does, and by an indexed SQLite table.
//!
//! Both know only what the generated registries have: admission by project, one account for each
//! instance, no expiry.

use std::cmp::Ordering;

use hitchpost_registry_core::{Admission, EndpointType, Extension, Scope, Version};
use hitchpost_resolver::{RunContext, Selector, Zone};
use rusqlite::{Connection, params};

/// A service with all that decides about it.
#[derive(Clone)]
pub(crate) struct Row<'r> {
    pub(crate) names: (&'r str, &'r str, &'r str),
    service_type: &'r str,
    category: &'r str,
    product: &'r str,
    zone: &'r str,
    version: Option<&'r Version>,
    labels: &'r std::collections::BTreeMap<hitchpost_registry_core::Name, String>,
    /// Whoever is admitted to the instance and to its account; `None` for everybody.
    instance_project: Option<&'r str>,
    account_project: Option<&'r str>,
    is_external: bool,
    /// Not for this caller alone, not a default, a pre-release.
    prefix: u8,
}

fn project(admission: &Admission) -> Option<&str> {
    (admission.scope == Scope::Project).then(|| admission.projects[0].as_str())
}

pub(crate) fn rows(records: &[Extension]) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for extension in records {
        for instance in &extension.instances {
            let is_pre = instance
                .version
                .as_ref()
                .is_some_and(Version::is_prerelease);
            let is_global = instance.admission.scope == Scope::Global;
            for service in &instance.services {
                rows.push(Row {
                    names: (
                        extension.name.as_str(),
                        instance.name.as_str(),
                        service.name.as_str(),
                    ),
                    service_type: service.service_type.as_str(),
                    category: service.category.as_ref().map_or("", |name| name.as_str()),
                    product: extension.product.as_str(),
                    zone: instance.location.as_str(),
                    version: instance.version.as_ref(),
                    labels: &extension.labels,
                    instance_project: project(&instance.admission),
                    account_project: instance
                        .profiles
                        .first()
                        .and_then(|profile| project(&profile.admission)),
                    is_external: service
                        .endpoints
                        .iter()
                        .any(|one| one.endpoint_type == EndpointType::External),
                    prefix: u8::from(is_global) << 3
                        | u8::from(!instance.default) << 2
                        | u8::from(is_pre) << 1,
                });
            }
        }
    }
    rows
}

/// The best so far: equals of one product, or of several.
#[derive(Default)]
struct Best<'b, 'r> {
    prefix: Option<u8>,
    held: Vec<&'b Row<'r>>,
}

impl<'b, 'r> Best<'b, 'r> {
    fn offer(&mut self, row: &'b Row<'r>, prefix: u8) {
        if self.prefix.is_none_or(|held| prefix < held) {
            self.prefix = Some(prefix);
            self.held.clear();
        }
        if self.prefix != Some(prefix) {
            return;
        }
        let order = |other: &Row<'_>| match (row.version, other.version) {
            (Some(own), Some(other_version)) if row.product == other.product => {
                own.compare(other_version)
            }
            _ => None,
        };
        if self
            .held
            .iter()
            .any(|other| order(other) == Some(Ordering::Less))
        {
            return;
        }
        self.held
            .retain(|other| order(other) != Some(Ordering::Greater));
        self.held.push(row);
    }

    fn only(&self) -> Option<(&'r str, &'r str, &'r str)> {
        match self.held.as_slice() {
            [one] => Some(one.names),
            _ => None,
        }
    }
}

fn zone(caller: &RunContext) -> &str {
    match &caller.zone {
        Zone::Known(name) => name.as_str(),
        Zone::Unknown => "",
    }
}

/// The one service that is best for a selector, by a look at each.
pub(crate) fn scan<'r>(
    rows: &[Row<'r>],
    selector: &Selector,
    caller: &RunContext,
) -> Option<(&'r str, &'r str, &'r str)> {
    let is = |wanted: &Option<hitchpost_registry_core::Name>, found: &str| {
        wanted
            .as_ref()
            .is_none_or(|wanted| wanted.as_str() == found)
    };
    let project = caller.project.as_ref().map_or("", |name| name.as_str());
    let zone = zone(caller);
    let constraint = selector
        .version
        .as_ref()
        .map(|version| version.as_ref().unwrap());
    let admits = |wanted: Option<&str>| wanted.is_none_or(|wanted| wanted == project);
    let mut best = Best::default();
    for row in rows {
        let is_meant = is(&selector.service, row.service_type)
            && is(&selector.category, row.category)
            && is(&selector.product, row.product)
            && is(&selector.extension, row.names.0)
            && is(&selector.instance, row.names.1)
            && is(&selector.zone, row.zone)
            && selector
                .labels
                .iter()
                .all(|(name, value)| row.labels.get(name) == Some(value));
        let is_near = row.zone == zone;
        if is_meant
            && admits(row.instance_project)
            && constraint
                .is_none_or(|wanted| row.version.is_some_and(|version| wanted.matches(version)))
            && (row.is_external || is_near && selector.endpoint.is_none())
            && admits(row.account_project)
        {
            best.offer(row, row.prefix | u8::from(!is_near));
        }
    }
    best.only()
}

/// An indexed table of the rows, in memory.
pub(crate) struct Sqlite<'r> {
    connection: Connection,
    rows: &'r [Row<'r>],
    versions: Vec<&'r Version>,
}

impl<'r> Sqlite<'r> {
    pub(crate) fn new(rows: &'r [Row<'r>]) -> Self {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE service (id INTEGER PRIMARY KEY, type TEXT, category TEXT, product TEXT, extension TEXT, instance TEXT,
                 zone TEXT, team TEXT, version INTEGER, level INTEGER, project TEXT, account TEXT, external INTEGER, prefix INTEGER);
                 BEGIN",
            )
            .unwrap();
        let mut versions: Vec<&Version> = rows.iter().filter_map(|row| row.version).collect();
        versions.sort_by(|a, b| {
            a.compare(b)
                .unwrap_or(Ordering::Equal)
                .then(a.as_str().cmp(b.as_str()))
        });
        versions.dedup();
        {
            let mut insert = connection
                .prepare("INSERT INTO service VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)")
                .unwrap();
            for (id, row) in rows.iter().enumerate() {
                let version = row
                    .version
                    .map(|version| versions.iter().position(|one| *one == version).unwrap() as i64);
                let team = row
                    .labels
                    .iter()
                    .find(|(name, _)| **name == "team")
                    .map(|(_, value)| value);
                insert
                    .execute(params![
                        id as i64,
                        row.service_type,
                        row.category,
                        row.product,
                        row.names.0,
                        row.names.1,
                        row.zone,
                        team,
                        version,
                        version,
                        row.instance_project,
                        row.account_project,
                        row.is_external,
                        row.prefix
                    ])
                    .unwrap();
            }
        }
        connection
            .execute_batch(
                "COMMIT; CREATE INDEX by_type ON service (type, prefix); CREATE INDEX by_category ON service (category, prefix);
                 CREATE INDEX by_product ON service (product, zone, prefix); CREATE INDEX by_extension ON service (extension);
                 CREATE INDEX by_team ON service (team, type, prefix); ANALYZE",
            )
            .unwrap();
        Self {
            connection,
            rows,
            versions,
        }
    }

    /// The one service that is best for a selector: the eligible ones by rank, until it is clear.
    pub(crate) fn query(
        &self,
        selector: &Selector,
        caller: &RunContext,
    ) -> Option<(&'r str, &'r str, &'r str)> {
        let mut sql = String::from(
            "SELECT id, prefix | (zone <> ?1) AS rank FROM service WHERE (project IS NULL OR project = ?2)
             AND (account IS NULL OR account = ?2)",
        );
        sql += if selector.endpoint.is_some() {
            " AND external"
        } else {
            " AND (external OR zone = ?1)"
        };
        let project = caller
            .project
            .as_ref()
            .map_or("", |name| name.as_str())
            .to_owned();
        let mut values = vec![zone(caller).to_owned(), project];
        let mut bind = |column: &str, value: Option<&str>| {
            if let Some(value) = value {
                values.push(value.to_owned());
                sql += &format!(" AND {column} = ?{}", values.len());
            }
        };
        let text = |name: &'_ Option<hitchpost_registry_core::Name>| {
            name.as_ref().map(|name| name.as_str().to_owned())
        };
        bind("type", text(&selector.service).as_deref());
        bind("category", text(&selector.category).as_deref());
        bind("product", text(&selector.product).as_deref());
        bind("extension", text(&selector.extension).as_deref());
        bind("instance", text(&selector.instance).as_deref());
        bind("zone", text(&selector.zone).as_deref());
        for value in selector.labels.values() {
            bind("team", Some(value));
        }
        if let Some(Ok(constraint)) = &selector.version {
            let fitting = self
                .versions
                .iter()
                .enumerate()
                .filter(|(_, version)| constraint.matches(version));
            let fitting: Vec<String> = fitting.map(|(id, _)| id.to_string()).collect();
            sql += &format!(" AND version IN ({})", fitting.join(","));
        }
        sql += " ORDER BY rank, product, level DESC";
        let mut statement = self.connection.prepare_cached(&sql).unwrap();
        let mut found = statement
            .query(rusqlite::params_from_iter(&values))
            .unwrap();
        let mut best = Best::default();
        while let Some(row) = found.next().unwrap() {
            let (id, rank): (i64, u8) = (row.get(0).unwrap(), row.get(1).unwrap());
            if best.prefix.is_some_and(|prefix| prefix < rank) || best.held.len() > 1 {
                break;
            }
            best.offer(&self.rows[usize::try_from(id).unwrap()], rank);
        }
        best.only()
    }
}
