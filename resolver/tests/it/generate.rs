//! Small registries, callers and requirements out of few names, so that everything collides.

use std::collections::BTreeMap;

use hitchpost_registry_core::{
    Admission, Auth, ConfigurationEntry, Constraint, Endpoint, EndpointType, Extension, Instance,
    Name, Profile, Scope, SecretEntry, SecretValue, Service, Version,
};
use hitchpost_resolver::{Alternative, OnAmbiguity, Requirement, RunContext, Selector, Zone};
use jiff::Timestamp;

use crate::name;

/// SplitMix64: the same sequence for a seed everywhere.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }

    /// True once in `times`.
    pub(crate) fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, pool: &[T]) -> T {
        pool[self.below(pool.len())]
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    fn name(&mut self, pool: &[&str]) -> Name {
        name(self.pick(pool))
    }

    fn names(&mut self, pool: &[&str]) -> Vec<Name> {
        let mut names: Vec<Name> = pool
            .iter()
            .filter(|_| self.once_in(2))
            .map(|text| name(text))
            .collect();
        self.shuffle(&mut names);
        names
    }

    /// Distinct names, at least one.
    fn distinct(&mut self, pool: &[&str], at_most: usize) -> Vec<Name> {
        let mut pool: Vec<&str> = pool.to_vec();
        self.shuffle(&mut pool);
        let count = 1 + self.below(at_most.min(pool.len()));
        pool.into_iter().take(count).map(name).collect()
    }

    fn maybe<T>(&mut self, times: usize, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.once_in(times).then(|| make(self))
    }
}

const EXTENSIONS: [&str; 5] = ["a", "b", "c", "minio", "s3"];
const PRODUCTS: [&str; 2] = ["minio", "b"];
const INSTANCES: [&str; 3] = ["a", "b", "one"];
const SERVICES: [&str; 4] = ["s3", "a", "ui", "api"];
const TYPES: [&str; 3] = ["s3", "ui", "a"];
const CATEGORIES: [&str; 2] = ["a", "object-storage"];
const ZONES: [&str; 3] = ["eu", "us", "remote"];
const ENDPOINTS: [&str; 3] = ["a", "external", "in"];
const PROFILES: [&str; 3] = ["a", "b", "admin"];
const PEOPLE: [&str; 3] = ["a", "b", "one"];
const LABELS: [(&str, &str); 3] = [("env", "dev"), ("env", "prod"), ("tier", "")];
const VERSIONS: [&str; 9] = [
    "1.0.0",
    "v1.0",
    "1.2.0",
    "2.0.0-rc.1",
    "2.0.0",
    "2024-05-10",
    "noble",
    "jammy",
    "1.2.0rc1",
];
const CONSTRAINTS: [&str; 9] = [
    "1",
    ">=1.2",
    "<2",
    "*",
    "=noble",
    "!=1.0.0",
    ">=2.0.0-rc.1",
    "2024",
    ">=1 || =jammy",
];
/// Before, at and after this moment profiles expire.
const NOW: i64 = 1_700_000_000;

/// What a registry holds: at most a few records.
pub(crate) fn records(rng: &mut Rng) -> Vec<Extension> {
    let names = rng.distinct(&EXTENSIONS, 4);
    names.into_iter().map(|name| extension(rng, name)).collect()
}

pub(crate) fn extension(rng: &mut Rng, name: Name) -> Extension {
    let mut labels = BTreeMap::new();
    for (label, value) in LABELS {
        if rng.once_in(3) {
            labels.insert(crate::name(label), value.to_owned());
        }
    }
    let instances = rng.distinct(&INSTANCES, 3);
    let instances = instances
        .into_iter()
        .map(|instance| self::instance(rng, &name, instance))
        .collect();
    Extension {
        product: rng.name(&PRODUCTS),
        description: String::new(),
        labels,
        immutable: false,
        configuration: vec![ConfigurationEntry {
            name: "owner".into(),
            value: name.to_string(),
        }],
        instances,
        name,
    }
}

fn instance(rng: &mut Rng, extension: &Name, name: Name) -> Instance {
    let names = if rng.once_in(2) {
        rng.distinct(&PROFILES, 3)
    } else {
        Vec::new()
    };
    let profiles: Vec<Profile> = names
        .into_iter()
        .map(|one| profile(rng, extension, &name, one))
        .collect();
    let services = rng.distinct(&SERVICES, 3);
    Instance {
        version: rng
            .maybe(1, |rng| rng.pick(&VERSIONS))
            .filter(|_| !rng.once_in(6))
            .map(|v| Version::infer(v).unwrap()),
        location: rng.name(&ZONES),
        default: rng.once_in(5),
        admission: if rng.once_in(3) {
            admission(rng)
        } else {
            Admission::default()
        },
        configuration: Vec::new(),
        services: services
            .into_iter()
            .map(|one| service(rng, one, &profiles))
            .collect(),
        profiles,
        data_key: None,
        name,
    }
}

fn service(rng: &mut Rng, name: Name, profiles: &[Profile]) -> Service {
    let endpoints = if rng.once_in(6) {
        Vec::new()
    } else {
        rng.distinct(&ENDPOINTS, 3)
    };
    Service {
        service_type: rng.name(&TYPES),
        category: rng.maybe(2, |rng| rng.name(&CATEGORIES)),
        description: String::new(),
        auth: rng.maybe(4, |rng| rng.pick(Auth::ALL)),
        profiles: references(rng, profiles, 4),
        configuration: Vec::new(),
        endpoints: endpoints
            .into_iter()
            .map(|one| endpoint(rng, one, profiles))
            .collect(),
        name,
    }
}

fn references(rng: &mut Rng, profiles: &[Profile], times: usize) -> Vec<Name> {
    profiles
        .iter()
        .filter(|_| rng.once_in(times))
        .map(|profile| profile.name.clone())
        .collect()
}

fn endpoint(rng: &mut Rng, name: Name, profiles: &[Profile]) -> Endpoint {
    Endpoint {
        url: Some(format!("http://{name}.example.com")),
        endpoint_type: rng.pick(EndpointType::ALL),
        default: rng.once_in(3),
        profiles: references(rng, profiles, 8),
        configuration: Vec::new(),
        name,
    }
}

fn profile(rng: &mut Rng, extension: &Name, instance: &Name, name: Name) -> Profile {
    let value = SecretValue::from_text(&format!("SECRET {extension}/{instance}/{name}"));
    Profile {
        admission: if rng.once_in(3) {
            Admission::default()
        } else {
            admission(rng)
        },
        default: rng.once_in(4),
        expires_at: rng.maybe(5, |rng| {
            Timestamp::from_second(NOW + rng.pick(&[-1, 0, 1])).unwrap()
        }),
        configuration: vec![SecretEntry {
            name: format!("KEY_{name}"),
            value,
        }],
        name,
    }
}

fn admission(rng: &mut Rng) -> Admission {
    let scope = rng.pick(Scope::ALL);
    let mut list = |kind: Scope| match (kind == scope, rng.below(8)) {
        (true, 0) | (false, 2..) => Vec::new(),
        _ => rng.names(&PEOPLE),
    };
    Admission {
        scope,
        projects: list(Scope::Project),
        users: list(Scope::User),
        groups: list(Scope::Group),
        workflows: list(Scope::Workflow),
    }
}

pub(crate) fn caller(rng: &mut Rng) -> RunContext {
    RunContext {
        project: rng.maybe(2, |rng| rng.name(&PEOPLE)),
        user: rng.maybe(2, |rng| rng.name(&PEOPLE)),
        groups: if rng.once_in(2) {
            rng.names(&PEOPLE)
        } else {
            Vec::new()
        },
        workflow: rng.maybe(2, |rng| rng.name(&PEOPLE)),
        zone: if rng.once_in(3) {
            Zone::Unknown
        } else {
            Zone::Known(rng.name(&["eu", "us", "remote", "mars"]))
        },
        now: (!rng.once_in(4)).then(|| Timestamp::from_second(NOW).unwrap()),
    }
}

pub(crate) fn on_ambiguity(rng: &mut Rng) -> OnAmbiguity {
    if rng.once_in(3) {
        OnAmbiguity::First
    } else {
        OnAmbiguity::Fail
    }
}

const HANDLES: [&str; 3] = ["x", "y", "z"];

pub(crate) fn requirements(rng: &mut Rng) -> Vec<Requirement> {
    let count = 1 + rng.below(HANDLES.len());
    (0..count)
        .map(|index| requirement(rng, HANDLES[index]))
        .collect()
}

fn requirement(rng: &mut Rng, handle: &str) -> Requirement {
    let mut alternatives = vec![alternative(rng)];
    if rng.once_in(4) {
        alternatives.push(alternative(rng));
    }
    Requirement {
        name: name(handle),
        alternatives,
        optional: rng.once_in(5),
        // Often the one before or after, at times itself or one that does not exist.
        same_instance_as: rng.maybe(3, |rng| rng.name(&["x", "x", "x", "y", "z"])),
    }
}

fn alternative(rng: &mut Rng) -> Alternative {
    Alternative {
        selector: selector(rng),
        ..Alternative::default()
    }
}

pub(crate) fn selector(rng: &mut Rng) -> Selector {
    let mut selector = Selector {
        extension: rng.maybe(6, |rng| rng.name(&EXTENSIONS)),
        product: rng.maybe(6, |rng| rng.name(&PRODUCTS)),
        instance: rng.maybe(8, |rng| rng.name(&INSTANCES)),
        service: rng.maybe(3, |rng| rng.name(&["s3", "a", "ui"])),
        service_type: rng.maybe(3, |rng| rng.name(&TYPES)),
        service_name: rng.maybe(10, |rng| rng.name(&SERVICES)),
        category: rng.maybe(6, |rng| rng.name(&CATEGORIES)),
        version: rng.maybe(4, |rng| Constraint::parse(rng.pick(&CONSTRAINTS))),
        labels: BTreeMap::new(),
        zone: rng.maybe(10, |rng| rng.name(&ZONES)),
        endpoint: rng.maybe(8, |rng| {
            rng.name(&["a", "external", "internal", "in", "none"])
        }),
        profile: rng.maybe(8, |rng| rng.name(&PROFILES)),
    };
    if rng.once_in(8) {
        let (label, value) = rng.pick(&LABELS);
        selector.labels.insert(name(label), value.to_owned());
    }
    if rng.once_in(60) {
        selector.version = Some(Constraint::parse(">=latest"));
    }
    selector
}

/// How many cases a test makes: `HITCHPOST_CASES`, or so many that it takes a second or two.
pub(crate) fn cases(default: u64) -> u64 {
    std::env::var("HITCHPOST_CASES").map_or(default, |text| {
        text.parse().expect("HITCHPOST_CASES is a number")
    })
}
