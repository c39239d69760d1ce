//! The rules restated naively, on the records themselves, and compared with the resolver.
//!
//! Everything here looks at every record, every time, and shares nothing with the crate but the
//! types of records, requirements and versions.

use std::{cmp::Ordering, fmt::Write as _};

use hitchpost_registry_core::{
    Admission, Auth, Endpoint, EndpointType, Extension, Instance, Name, Profile, Scope, Service,
};
use hitchpost_resolver::{
    Alternative, Choice, FailureCode, OnAmbiguity, Requirement, RunContext, Selector, Snapshot,
    Zone,
};

use crate::{
    generate::{Rng, caller, cases, on_ambiguity, records, requirements},
    snapshot,
};

/// What becomes of a requirement, by names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Chosen {
        service: [String; 3],
        endpoint: Option<String>,
        profile: Option<String>,
    },
    Skipped,
    Failed(FailureCode),
}

impl From<&Choice<'_>> for Outcome {
    fn from(choice: &Choice<'_>) -> Self {
        match (choice.names(), choice.failure()) {
            (Some((extension, instance, service)), _) => Self::Chosen {
                service: [extension, instance, service].map(str::to_owned),
                endpoint: choice.endpoint().map(str::to_owned),
                profile: choice.profile().map(str::to_owned),
            },
            (None, Some(code)) => Self::Failed(code),
            (None, None) => Self::Skipped,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Candidate<'r> {
    extension: &'r Extension,
    instance: &'r Instance,
    service: &'r Service,
}

#[derive(Debug, Clone, Copy)]
struct Eligible<'r> {
    candidate: Candidate<'r>,
    endpoint: Option<&'r Endpoint>,
    profile: Option<&'r Profile>,
    /// Another profile is as specific as this one.
    unclear_profile: bool,
}

/// By which alternative one instance meets a requirement, and with which services.
type Part<'r> = Option<(usize, Vec<Eligible<'r>>)>;

pub(crate) struct Oracle<'r> {
    pub(crate) records: &'r [Extension],
    pub(crate) caller: &'r RunContext,
    pub(crate) on_ambiguity: OnAmbiguity,
}

pub(crate) fn admits(admission: &Admission, caller: &RunContext) -> bool {
    let one_of = |list: &[Name], own: &[Name]| list.iter().any(|name| own.contains(name));
    let own = |name: &Option<Name>| name.iter().cloned().collect::<Vec<_>>();
    let lists = [
        (Scope::Project, &admission.projects, own(&caller.project)),
        (Scope::User, &admission.users, own(&caller.user)),
        (Scope::Group, &admission.groups, caller.groups.clone()),
        (Scope::Workflow, &admission.workflows, own(&caller.workflow)),
    ];
    admission.scope == Scope::Global
        || lists.iter().all(|(scope, list, own)| {
            if list.is_empty() {
                *scope != admission.scope
            } else {
                one_of(list, own)
            }
        })
}

pub(crate) fn is_expired(profile: &Profile, caller: &RunContext) -> bool {
    match (profile.expires_at, caller.now) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(expires), Some(now)) => now >= expires,
    }
}

/// The profiles that apply to a service reached through an endpoint.
pub(crate) fn applicable<'r>(
    instance: &'r Instance,
    service: &Service,
    endpoint: Option<&Endpoint>,
) -> Vec<&'r Profile> {
    let everywhere = |profile: &Profile| {
        !instance.services.iter().any(|service| {
            service.profiles.contains(&profile.name)
                || service
                    .endpoints
                    .iter()
                    .any(|endpoint| endpoint.profiles.contains(&profile.name))
        })
    };
    let mut profiles: Vec<&Profile> = instance
        .profiles
        .iter()
        .filter(|profile| {
            everywhere(profile)
                || service.profiles.contains(&profile.name)
                || endpoint.is_some_and(|endpoint| endpoint.profiles.contains(&profile.name))
        })
        .collect();
    profiles.sort_by_key(|profile| &profile.name);
    profiles
}

fn is_near(instance: &Instance, caller: &RunContext) -> bool {
    instance.location != "remote" && caller.zone == Zone::Known(instance.location.clone())
}

fn specificity(profile: &Profile) -> u8 {
    match profile.admission.scope {
        Scope::Global => 0,
        Scope::Project => 1,
        Scope::Group => 2,
        Scope::User if profile.admission.projects.is_empty() => 3,
        Scope::User => 4,
        Scope::Workflow => 5,
    }
}

/// Positive when `a` ranks before `b`, negative the other way round, 0 when no rule tells.
fn rank(
    a: &Instance,
    product_a: &Name,
    b: &Instance,
    product_b: &Name,
    caller: &RunContext,
) -> i32 {
    let score = |instance: &Instance| {
        [
            instance.admission.scope != Scope::Global,
            instance.default,
            !instance
                .version
                .as_ref()
                .is_some_and(hitchpost_registry_core::Version::is_prerelease),
            is_near(instance, caller),
        ]
    };
    match score(a).cmp(&score(b)) {
        Ordering::Greater => return 1,
        Ordering::Less => return -1,
        Ordering::Equal => {}
    }
    match (&a.version, &b.version) {
        (Some(x), Some(y)) if product_a == product_b => {
            x.compare(y).map_or(0, |order| order as i32)
        }
        _ => 0,
    }
}

impl<'r> Oracle<'r> {
    fn candidates(&self, selector: &Selector) -> Vec<Candidate<'r>> {
        let mut found = Vec::new();
        for extension in self.records {
            for instance in &extension.instances {
                for service in &instance.services {
                    let candidate = Candidate {
                        extension,
                        instance,
                        service,
                    };
                    if is_meant(selector, candidate) {
                        found.push(candidate);
                    }
                }
            }
        }
        found.sort_by_key(names);
        found
    }

    fn check(
        &self,
        selector: &Selector,
        candidate: Candidate<'r>,
    ) -> Result<Eligible<'r>, FailureCode> {
        let Candidate {
            instance, service, ..
        } = candidate;
        if !admits(&instance.admission, self.caller) {
            return Err(FailureCode::Forbidden);
        }
        if let Some(Ok(constraint)) = &selector.version
            && !instance
                .version
                .as_ref()
                .is_some_and(|version| constraint.matches(version))
        {
            return Err(FailureCode::VersionMismatch);
        }
        let mut ways: Vec<Option<&Endpoint>> = service
            .endpoints
            .iter()
            .filter(|one| {
                selector.endpoint.as_ref().is_none_or(|wanted| {
                    one.name == *wanted || one.endpoint_type.as_str() == wanted.as_str()
                })
            })
            .filter(|one| {
                matches!(
                    one.endpoint_type,
                    EndpointType::External | EndpointType::Remote
                ) || is_near(instance, self.caller)
            })
            .map(Some)
            .collect();
        ways.sort_by_key(|one| {
            let one = one.unwrap();
            let distance = match one.endpoint_type {
                EndpointType::Internal | EndpointType::ClusterApi => 0,
                EndpointType::External => 1,
                EndpointType::Remote => 2,
            };
            (distance, !one.default, one.name.clone())
        });
        if service.endpoints.is_empty() && selector.endpoint.is_none() {
            ways.push(None);
        }
        if ways.is_empty() {
            return Err(FailureCode::Unreachable);
        }
        let any_profile = applicable(instance, service, None).len()
            + service
                .endpoints
                .iter()
                .map(|one| applicable(instance, service, Some(one)).len())
                .sum::<usize>();
        let auth = service.auth.unwrap_or(if any_profile > 0 {
            Auth::Required
        } else {
            Auth::None
        });
        for endpoint in ways {
            if auth == Auth::None && selector.profile.is_none() {
                return Ok(Eligible {
                    candidate,
                    endpoint,
                    profile: None,
                    unclear_profile: false,
                });
            }
            let mut profiles = applicable(instance, service, endpoint);
            profiles.retain(|one| {
                selector
                    .profile
                    .as_ref()
                    .is_none_or(|wanted| one.name == *wanted)
            });
            profiles
                .retain(|one| admits(&one.admission, self.caller) && !is_expired(one, self.caller));
            let top = profiles
                .iter()
                .map(|one| (specificity(one), one.default))
                .max();
            profiles.retain(|one| Some((specificity(one), one.default)) == top);
            let unclear_profile = profiles.len() > 1;
            match profiles.first() {
                Some(profile) => {
                    return Ok(Eligible {
                        candidate,
                        endpoint,
                        profile: Some(profile),
                        unclear_profile,
                    });
                }
                None if auth == Auth::Optional && selector.profile.is_none() => {
                    return Ok(Eligible {
                        candidate,
                        endpoint,
                        profile: None,
                        unclear_profile: false,
                    });
                }
                None => {}
            }
        }
        Err(FailureCode::ProfileMismatch)
    }

    fn rank(&self, a: &Eligible<'_>, b: &Eligible<'_>) -> i32 {
        let (a, b) = (a.candidate, b.candidate);
        rank(
            a.instance,
            &a.extension.product,
            b.instance,
            &b.extension.product,
            self.caller,
        )
    }

    fn eligible(&self, alternative: &Alternative) -> Vec<Eligible<'r>> {
        let selector = &alternative.selector;
        self.candidates(selector)
            .into_iter()
            .filter_map(|one| self.check(selector, one).ok())
            .collect()
    }

    fn alone(&self, requirement: &Requirement) -> Outcome {
        if let Some(code) = fault(requirement) {
            return Outcome::Failed(code);
        }
        for alternative in &requirement.alternatives {
            let eligible = self.eligible(alternative);
            let best: Vec<&Eligible<'_>> = eligible
                .iter()
                .filter(|one| !eligible.iter().any(|other| self.rank(other, one) > 0))
                .collect();
            let Some(first) = best.first() else { continue };
            if self.on_ambiguity == OnAmbiguity::Fail && (best.len() > 1 || first.unclear_profile) {
                return Outcome::Failed(FailureCode::Ambiguous);
            }
            return chosen(first);
        }
        if requirement.optional {
            return Outcome::Skipped;
        }
        let stages = [
            FailureCode::ProfileMismatch,
            FailureCode::Unreachable,
            FailureCode::VersionMismatch,
            FailureCode::Forbidden,
        ];
        let misses: Vec<FailureCode> = requirement
            .alternatives
            .iter()
            .flat_map(|way| {
                self.candidates(&way.selector)
                    .into_iter()
                    .map(|one| (way, one))
                    .collect::<Vec<_>>()
            })
            .filter_map(|(way, one)| self.check(&way.selector, one).err())
            .collect();
        Outcome::Failed(
            stages
                .into_iter()
                .find(|code| misses.contains(code))
                .unwrap_or(FailureCode::Absent),
        )
    }

    pub(crate) fn solve(&self, requirements: &[Requirement]) -> Vec<Outcome> {
        let roots: Vec<Option<usize>> = (0..requirements.len())
            .map(|index| root(requirements, index))
            .collect();
        (0..requirements.len())
            .map(|index| {
                let Some(root) = roots[index] else {
                    return Outcome::Failed(FailureCode::UnsatisfiableGroup);
                };
                let members: Vec<usize> = (0..requirements.len())
                    .filter(|other| roots[*other] == Some(root))
                    .collect();
                if members.len() == 1 {
                    return self.alone(&requirements[index]);
                }
                let group: Vec<&Requirement> = members
                    .iter()
                    .map(|member| &requirements[*member])
                    .collect();
                let position = members.iter().position(|member| *member == index).unwrap();
                self.group(&group).swap_remove(position)
            })
            .collect()
    }

    fn group(&self, members: &[&Requirement]) -> Vec<Outcome> {
        if members.iter().any(|one| fault(one).is_some()) {
            let code = |one: &&Requirement| fault(one).unwrap_or(FailureCode::UnsatisfiableGroup);
            return members
                .iter()
                .map(|one| Outcome::Failed(code(one)))
                .collect();
        }
        // Every way in which one instance meets the group: for each member the alternative and the
        // services that fit it.
        let mut ways: Vec<Vec<Part<'r>>> = Vec::new();
        for extension in self.records {
            for instance in &extension.instances {
                let way: Vec<_> = members
                    .iter()
                    .map(|member| {
                        member
                            .alternatives
                            .iter()
                            .enumerate()
                            .find_map(|(index, alternative)| {
                                let mut fitting = self.eligible(alternative);
                                fitting
                                    .retain(|one| std::ptr::eq(one.candidate.instance, instance));
                                (!fitting.is_empty()).then_some((index, fitting))
                            })
                    })
                    .collect();
                let complete = way
                    .iter()
                    .zip(members)
                    .all(|(part, member)| part.is_some() || member.optional);
                if complete && way.iter().any(Option::is_some) {
                    ways.push(way);
                }
            }
        }
        // Lexicographic: what is best for the first member; among that, for the second; and so on.
        for member in 0..members.len() {
            let parts: Vec<Option<(usize, Eligible<'r>)>> = ways
                .iter()
                .map(|way| {
                    way[member]
                        .as_ref()
                        .map(|(index, fitting)| (*index, fitting[0]))
                })
                .collect();
            let better =
                |a: &Option<(usize, Eligible<'r>)>, b: &Option<(usize, Eligible<'r>)>| match (a, b)
                {
                    (Some(_), None) => true,
                    (Some((i, a)), Some((j, b))) => i < j || i == j && self.rank(a, b) > 0,
                    _ => false,
                };
            let mut keep = parts
                .iter()
                .map(|one| !parts.iter().any(|other| better(other, one)))
                .collect::<Vec<_>>()
                .into_iter();
            ways.retain(|_| keep.next().unwrap());
        }
        ways.sort_by_key(|way| {
            way.iter()
                .flatten()
                .map(|(_, fitting)| names(&fitting[0].candidate))
                .collect::<Vec<_>>()
        });
        let unclear = ways.len() > 1
            || ways
                .iter()
                .flatten()
                .flatten()
                .any(|(_, fitting)| fitting.len() > 1 || fitting[0].unclear_profile);
        match ways.first() {
            Some(_) if unclear && self.on_ambiguity == OnAmbiguity::Fail => members
                .iter()
                .map(|_| Outcome::Failed(FailureCode::Ambiguous))
                .collect(),
            Some(way) => way
                .iter()
                .map(|part| {
                    part.as_ref()
                        .map_or(Outcome::Skipped, |(_, fitting)| chosen(&fitting[0]))
                })
                .collect(),
            None => members
                .iter()
                .map(|member| match self.alone(member) {
                    _ if member.optional => Outcome::Skipped,
                    Outcome::Failed(code) if code != FailureCode::Ambiguous => {
                        Outcome::Failed(code)
                    }
                    _ => Outcome::Failed(FailureCode::UnsatisfiableGroup),
                })
                .collect(),
        }
    }
}

fn names<'r>(candidate: &Candidate<'r>) -> [&'r Name; 3] {
    [
        &candidate.extension.name,
        &candidate.instance.name,
        &candidate.service.name,
    ]
}

fn chosen(eligible: &Eligible<'_>) -> Outcome {
    Outcome::Chosen {
        service: names(&eligible.candidate).map(ToString::to_string),
        endpoint: eligible.endpoint.map(|one| one.name.to_string()),
        profile: eligible.profile.map(|one| one.name.to_string()),
    }
}

fn is_meant(selector: &Selector, candidate: Candidate<'_>) -> bool {
    let Candidate {
        extension,
        instance,
        service,
    } = candidate;
    let is =
        |wanted: &Option<Name>, found: &Name| wanted.as_ref().is_none_or(|wanted| wanted == found);
    let is_called = |wanted: &Name| {
        if selector.extension.is_none() && selector.instance.is_none() {
            return service.service_type == *wanted;
        }
        let by_name = instance.services.iter().any(|other| other.name == *wanted);
        if by_name {
            service.name == *wanted
        } else {
            service.service_type == *wanted
        }
    };
    is(&selector.extension, &extension.name)
        && is(&selector.product, &extension.product)
        && is(&selector.instance, &instance.name)
        && is(&selector.service_type, &service.service_type)
        && is(&selector.service_name, &service.name)
        && is(&selector.zone, &instance.location)
        && selector
            .category
            .as_ref()
            .is_none_or(|wanted| service.category.as_ref() == Some(wanted))
        && selector.service.as_ref().is_none_or(is_called)
        && selector
            .labels
            .iter()
            .all(|(name, value)| extension.labels.get(name) == Some(value))
}

fn fault(requirement: &Requirement) -> Option<FailureCode> {
    let mut selectors = requirement.alternatives.iter().map(|way| &way.selector);
    if selectors
        .clone()
        .any(|selector| matches!(selector.version, Some(Err(_))))
    {
        return Some(FailureCode::BadConstraint);
    }
    let states_something = |one: &Selector| {
        let names = [
            &one.extension,
            &one.product,
            &one.instance,
            &one.service,
            &one.service_type,
            &one.service_name,
            &one.category,
        ];
        names.iter().any(|name| name.is_some()) || one.version.is_some() || !one.labels.is_empty()
    };
    (!selectors.all(states_something)).then_some(FailureCode::EmptySelector)
}

/// Where the references of a requirement end.
fn root(requirements: &[Requirement], index: usize) -> Option<usize> {
    let mut at = index;
    let mut passed = vec![index];
    while let Some(handle) = &requirements[at].same_instance_as {
        at = requirements.iter().position(|one| one.name == *handle)?;
        if passed.contains(&at) {
            return None;
        }
        passed.push(at);
    }
    Some(at)
}

/// A case that can be made smaller.
#[derive(Debug, Clone)]
struct Case {
    records: Vec<Extension>,
    requirements: Vec<Requirement>,
    caller: RunContext,
    on_ambiguity: OnAmbiguity,
}

impl Case {
    fn answers(&self) -> (Vec<Outcome>, Vec<Outcome>) {
        let oracle = Oracle {
            records: &self.records,
            caller: &self.caller,
            on_ambiguity: self.on_ambiguity,
        };
        let snapshot = snapshot(&self.records);
        let found = snapshot.choose(&self.requirements, &self.caller, self.on_ambiguity);
        (
            found.iter().map(Outcome::from).collect(),
            oracle.solve(&self.requirements),
        )
    }

    fn differs(&self) -> bool {
        let (found, expected) = self.answers();
        found != expected
    }

    /// Leaves out parts as long as the answers still differ.
    fn shrink(mut self) -> Self {
        loop {
            let Some(smaller) = self.smaller().into_iter().find(Self::differs) else {
                return self;
            };
            self = smaller;
        }
    }

    fn smaller(&self) -> Vec<Self> {
        let mut cases = Vec::new();
        let mut push = |change: &dyn Fn(&mut Self)| {
            let mut case = self.clone();
            change(&mut case);
            cases.push(case);
        };
        for r in 0..self.requirements.len() {
            push(&|case| drop(case.requirements.remove(r)));
            for a in 0..self.requirements[r].alternatives.len() {
                if self.requirements[r].alternatives.len() > 1 {
                    push(&|case| drop(case.requirements[r].alternatives.remove(a)));
                }
            }
        }
        for e in 0..self.records.len() {
            push(&|case| drop(case.records.remove(e)));
            for i in 0..self.records[e].instances.len() {
                push(&|case| drop(case.records[e].instances.remove(i)));
                let instance = &self.records[e].instances[i];
                for p in 0..instance.profiles.len() {
                    push(&|case| drop(case.records[e].instances[i].profiles.remove(p)));
                }
                for s in 0..instance.services.len() {
                    push(&|case| drop(case.records[e].instances[i].services.remove(s)));
                    for n in 0..instance.services[s].endpoints.len() {
                        push(&|case| {
                            drop(case.records[e].instances[i].services[s].endpoints.remove(n))
                        });
                    }
                }
            }
        }
        cases
    }
}

#[test]
fn the_resolver_answers_as_the_rules_restated_naively() {
    let mut codes = std::collections::BTreeMap::new();
    let total = cases(20_000);
    for seed in 0..total.div_ceil(8) {
        let mut rng = Rng::new(seed);
        let records = records(&mut rng);
        let snapshot: Snapshot = snapshot(&records);
        for _ in 0..8 {
            let (requirements, caller) = (requirements(&mut rng), caller(&mut rng));
            let on_ambiguity = on_ambiguity(&mut rng);
            let found = snapshot.choose(&requirements, &caller, on_ambiguity);
            let found: Vec<Outcome> = found.iter().map(Outcome::from).collect();
            let expected = Oracle {
                records: &records,
                caller: &caller,
                on_ambiguity,
            }
            .solve(&requirements);
            if found != expected {
                let case = Case {
                    records,
                    requirements,
                    caller,
                    on_ambiguity,
                }
                .shrink();
                let (found, expected) = case.answers();
                let mut text = String::new();
                for record in &case.records {
                    writeln!(text, "{}", serde_json::to_string(record).unwrap()).unwrap();
                }
                panic!(
                    "seed {seed}\n{text}{:#?}\n{:?}\nfound    {found:?}\nexpected {expected:?}",
                    case.requirements, case.caller
                );
            }
            for outcome in expected {
                let word = match outcome {
                    Outcome::Chosen { .. } => "chosen",
                    Outcome::Skipped => "skipped",
                    Outcome::Failed(code) => code.as_str(),
                };
                *codes.entry(word).or_insert(0_u64) += 1;
            }
        }
    }
    // The generator reaches every outcome of a choice, often enough to mean something.
    assert_eq!(codes.len(), 2 + FailureCode::ALL.len() - 1, "{codes:?}");
    assert!(
        codes.values().all(|count| *count > total / 1_000),
        "{codes:?}"
    );
}
