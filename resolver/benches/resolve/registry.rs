//! Registries as large organisations have them, and what their workflows ask for.

use std::collections::BTreeMap;

use hitchpost_registry_core::{
    Admission, ConfigurationEntry, Endpoint, EndpointType, Extension, Instance, Name, Profile,
    Scope, SecretEntry, SecretValue, Service, Version,
};
use hitchpost_resolver::{Requirement, RunContext, Selector, Zone};

/// SplitMix64: the same registry for a seed everywhere.
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ mixed >> 31) % limit as u64).unwrap()
    }

    fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<'p, T>(&mut self, pool: &'p [T]) -> &'p T {
        &pool[self.below(pool.len())]
    }
}

/// The names of which a registry is made.
pub(crate) struct Pools {
    types: Vec<Name>,
    products: Vec<Name>,
    categories: Vec<Name>,
    zones: Vec<Name>,
    projects: Vec<Name>,
    teams: Vec<String>,
    versions: Vec<Version>,
}

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

fn pool(prefix: &str, count: usize) -> Vec<Name> {
    (0..count)
        .map(|number| name(&format!("{prefix}-{number}")))
        .collect()
}

impl Pools {
    /// Every product offers two of the service types.
    pub(crate) fn new(types: usize) -> Self {
        let minor = (0..60).map(|minor| format!("{}.{}.{}", 1 + minor / 20, minor % 20, minor % 3));
        let versions = minor.chain(["4.0.0-rc.1".into(), "4.0.0-rc.2".into()]);
        Self {
            types: pool("type", types),
            products: pool("product", types / 2),
            categories: pool("category", 12),
            zones: pool("zone", 20),
            projects: pool("project", 200),
            teams: (0..400).map(|number| format!("team-{number}")).collect(),
            versions: versions
                .map(|text| Version::infer(&text).unwrap())
                .collect(),
        }
    }
}

/// Records with this many services together, or one or two more.
pub(crate) fn records(pools: &Pools, services: usize) -> Vec<Extension> {
    let mut rng = Rng(services as u64);
    let mut records = Vec::new();
    let mut made = 0;
    while made < services {
        let record = record(pools, &mut rng, records.len());
        made += record
            .instances
            .iter()
            .map(|instance| instance.services.len())
            .sum::<usize>();
        records.push(record);
    }
    records
}

fn record(pools: &Pools, rng: &mut Rng, number: usize) -> Extension {
    let product = rng.below(pools.products.len());
    let team = rng.pick(&pools.teams).clone();
    let count = 1 + rng.below(2);
    Extension {
        name: name(&format!("tool-{number}")),
        product: pools.products[product].clone(),
        description: String::new(),
        labels: BTreeMap::from([
            (name("team"), team),
            (name("env"), (*rng.pick(&["dev", "prod"])).to_owned()),
        ]),
        immutable: false,
        configuration: Vec::new(),
        instances: (0..count)
            .map(|index| instance(pools, rng, product, index, number))
            .collect(),
    }
}

fn only(pools: &Pools, rng: &mut Rng) -> Admission {
    Admission {
        scope: Scope::Project,
        projects: vec![rng.pick(&pools.projects).clone()],
        ..Admission::default()
    }
}

fn instance(pools: &Pools, rng: &mut Rng, product: usize, index: usize, number: usize) -> Instance {
    let is_open = rng.percent(40);
    let admission = if rng.percent(10) {
        only(pools, rng)
    } else {
        Admission::default()
    };
    let services = 1 + rng.below(2);
    let first = rng.below(2);
    Instance {
        name: name(["main", "spare"][index]),
        version: rng.percent(95).then(|| rng.pick(&pools.versions).clone()),
        location: rng.pick(&pools.zones).clone(),
        default: rng.percent(2),
        configuration: Vec::new(),
        services: (0..services)
            .map(|which| service(pools, rng, product * 2 + (first + which) % 2, number))
            .collect(),
        profiles: if is_open {
            Vec::new()
        } else {
            vec![profile(pools, rng)]
        },
        admission,
        data_key: None,
    }
}

fn profile(pools: &Pools, rng: &mut Rng) -> Profile {
    let secret = |key: &str| SecretEntry {
        name: key.into(),
        value: SecretValue::from_text("0123456789abcdef0123456789abcdef"),
    };
    Profile {
        name: name("account"),
        admission: if rng.percent(10) {
            only(pools, rng)
        } else {
            Admission::default()
        },
        default: false,
        expires_at: None,
        configuration: vec![secret("ACCESS_KEY"), secret("SECRET_KEY")],
    }
}

fn service(pools: &Pools, rng: &mut Rng, kind: usize, number: usize) -> Service {
    let endpoint = |word: &str, endpoint_type| Endpoint {
        name: name(word),
        url: Some(format!("https://{word}-{number}.example.com/api")),
        endpoint_type,
        default: false,
        profiles: Vec::new(),
        configuration: Vec::new(),
    };
    let mut endpoints = vec![endpoint("cluster", EndpointType::Internal)];
    if rng.percent(70) {
        endpoints.push(endpoint("ingress", EndpointType::External));
    }
    Service {
        name: pools.types[kind].clone(),
        service_type: pools.types[kind].clone(),
        category: Some(pools.categories[kind % pools.categories.len()].clone()),
        description: String::new(),
        auth: None,
        profiles: Vec::new(),
        configuration: vec![ConfigurationEntry {
            name: "bucket".into(),
            value: format!("data-{number}"),
        }],
        endpoints,
    }
}

/// Callers and single requirements: what a workflow's step asks for, in this mixture.
pub(crate) fn questions(
    pools: &Pools,
    records: usize,
    count: usize,
) -> Vec<(RunContext, Requirement)> {
    let mut rng = Rng(7);
    let requirement = |rng: &mut Rng| {
        let kind = rng.pick(&pools.types).clone();
        let mut selector = Selector::default();
        match rng.below(10) {
            0..3 => selector.service = Some(kind),
            3..5 => {
                selector.service = Some(kind);
                let constraint = *rng.pick(&[">=2", "^1.4", "<2", "3.2", ">=1.2, <3"]);
                selector.version = Some(hitchpost_registry_core::Constraint::parse(constraint));
            }
            5 => {
                selector.category = Some(rng.pick(&pools.categories).clone());
                selector.version = Some(hitchpost_registry_core::Constraint::parse("^2"));
            }
            6 => {
                selector.service = Some(kind);
                selector
                    .labels
                    .insert(name("team"), rng.pick(&pools.teams).clone());
            }
            7 => {
                selector.product = Some(rng.pick(&pools.products).clone());
                selector.zone = Some(rng.pick(&pools.zones).clone());
            }
            8 => {
                selector.extension = Some(name(&format!("tool-{}", rng.below(records))));
                selector.instance = Some(name("main"));
            }
            _ => {
                selector.service = Some(kind);
                selector.endpoint = Some(name("external"));
            }
        }
        Requirement::new(selector)
    };
    (0..count)
        .map(|_| {
            let zone = if rng.percent(80) {
                Zone::Known(rng.pick(&pools.zones).clone())
            } else {
                Zone::Unknown
            };
            let caller = RunContext::new(zone)
                .project(rng.pick(&pools.projects).clone())
                .user(name("ann"))
                .group(name("data"));
            (caller, requirement(&mut rng))
        })
        .collect()
}
