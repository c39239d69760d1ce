//! Why a resolution came out as it did.

use hitchpost_registry_core::{EndpointType, Name, Scope, VersionMismatch, decode::listed};
use serde::Serialize;

use crate::{
    context::{RunContext, Zone},
    failure::{Failure, FailureCode},
    requirement::{Requirement, Selector},
    snapshot::{
        Snapshot,
        layer::{Layer, Principal, ServiceId},
        postings::Key,
    },
    stage::{
        Caller, Eligible, NOWHERE, Query, Rejected, endpoint,
        joint::{Outcome, root_of},
        names,
        profile::{self, Chosen},
        rank::{Comparison, RankRule, compare},
        search::{Best, identified},
        visibility,
    },
};

/// Why one requirement came out as it did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The requirement's handle.
    pub name: Name,
    /// Why it is not met; `None` when it is, or need not be.
    pub code: Option<FailureCode>,
    /// The outcome in a sentence; for a failure the nearest miss and what would fix it.
    pub message: String,
    /// Every visible candidate, by name.
    pub candidates: Vec<ExplainedCandidate>,
    /// How many candidates the caller may not see.
    pub hidden: usize,
}

/// A candidate and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedCandidate {
    /// The record.
    pub extension: Name,
    /// The installation.
    pub instance: Name,
    /// The service.
    pub service: Name,
    /// Its version, when known.
    pub version: Option<String>,
    /// What became of it.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// The same in a sentence.
    pub message: String,
    /// The alternative of an `any_of` that it is a candidate of, from 0.
    pub alternative: usize,
}

/// What became of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "verdict")]
pub enum Verdict {
    /// It was chosen.
    Chosen,
    /// It could have been chosen, but another ranks before it.
    Outranked {
        /// By this rule.
        rule: RankRule,
    },
    /// It is as good as another.
    Tied,
    /// It cannot be chosen.
    Rejected {
        /// Why.
        code: FailureCode,
    },
    /// It could be chosen, but an earlier alternative was, or the group needs another instance.
    NotTaken,
}

impl Explanation {
    /// The failure that this explains.
    pub(crate) fn into_failure(self) -> Option<Failure> {
        Some(Failure {
            name: self.name,
            code: self.code?,
            message: self.message,
            candidates: self.candidates,
        })
    }
}

/// A visible candidate while the explanation is made.
struct Seen<'s> {
    alternative: usize,
    layer: &'s Layer,
    service: ServiceId,
    result: Result<Eligible<'s>, (Rejected, String)>,
}

/// Explains the outcome of the requirement at `index`.
pub(crate) fn explain_one<'s>(
    snapshot: &'s Snapshot,
    requirements: &[Requirement],
    (index, requirement): (usize, &Requirement),
    outcome: &Outcome<'s>,
    context: &RunContext,
) -> Explanation {
    let callers: Vec<Caller<'_>> = snapshot
        .views()
        .map(|view| Caller::new(context, view.layer))
        .collect();
    let code = match outcome {
        Outcome::Failed(code) => Some(*code),
        _ => None,
    };
    // Nothing is a candidate for what cannot be meant.
    let is_sound = !matches!(
        code,
        Some(FailureCode::EmptySelector | FailureCode::BadConstraint)
    );
    let mut seen = Vec::new();
    let mut hidden = 0;
    for (alternative, way) in requirement
        .alternatives
        .iter()
        .enumerate()
        .filter(|_| is_sound)
    {
        for (view, caller) in snapshot.views().zip(&callers) {
            let Some(query) = Query::new(view, caller, &way.selector) else {
                continue;
            };
            for service in identified(&query) {
                let result = match query.check(service) {
                    Err(Rejected::Visibility) => {
                        hidden += 1;
                        continue;
                    }
                    Err(rejected) => Err((rejected, rejection(&query, service, rejected))),
                    Ok(eligible) => Ok(eligible),
                };
                seen.push(Seen {
                    alternative,
                    layer: view.layer,
                    service,
                    result,
                });
            }
        }
    }
    let winner = match outcome {
        Outcome::Chosen {
            eligible,
            alternative,
        } => Some((eligible, *alternative)),
        _ => None,
    };
    let mut standings = Standings {
        winner,
        code,
        grouped: is_grouped(requirements, index),
        first: None,
        best: Best::default(),
    };
    for one in &seen {
        if let Ok(eligible) = &one.result
            && standings.first.is_none_or(|first| first == one.alternative)
        {
            standings.first = Some(one.alternative);
            standings.best.offer(*eligible);
        }
    }
    let mut candidates: Vec<ExplainedCandidate> =
        seen.iter().map(|one| candidate(one, &standings)).collect();
    candidates.sort_by(|a, b| {
        (a.alternative, &a.extension, &a.instance, &a.service).cmp(&(
            b.alternative,
            &b.extension,
            &b.instance,
            &b.service,
        ))
    });
    let message = match (winner, code) {
        (Some((eligible, _)), _) => chosen_message(eligible),
        (None, Some(code)) => failure_message(
            snapshot,
            requirements,
            index,
            code,
            &candidates,
            hidden,
            context,
        ),
        (None, None) => "nothing meets it, and it is optional".to_owned(),
    };
    Explanation {
        name: requirement.name.clone(),
        code,
        message,
        candidates,
        hidden,
    }
}

fn candidate(one: &Seen<'_>, standings: &Standings<'_, '_>) -> ExplainedCandidate {
    let (extension, instance, service) = names(one.layer, one.service);
    let (verdict, message) = match &one.result {
        Err((rejected, message)) => (
            Verdict::Rejected {
                code: FailureCode::from(*rejected),
            },
            message.clone(),
        ),
        Ok(eligible) => standings.of(eligible, one.alternative),
    };
    ExplainedCandidate {
        extension: Name::nearest(extension),
        instance: Name::nearest(instance),
        service: Name::nearest(service),
        version: one
            .layer
            .version(one.layer.service_instance.at(one.service))
            .map(ToString::to_string),
        verdict,
        message,
        alternative: one.alternative,
    }
}

const TIED_PROFILES: &str = "several of its profiles are equally specific";

/// What an eligible candidate is held against.
struct Standings<'s, 'o> {
    /// What was chosen, and by which alternative.
    winner: Option<(&'o Eligible<'s>, usize)>,
    code: Option<FailureCode>,
    /// Whether the requirement shares its instance with others.
    grouped: bool,
    /// The first alternative that has eligible candidates, and the best of them.
    first: Option<usize>,
    best: Best<'s>,
}

impl Standings<'_, '_> {
    fn of(&self, eligible: &Eligible<'_>, alternative: usize) -> (Verdict, String) {
        let not_taken = |message: &str| (Verdict::NotTaken, message.to_owned());
        if let Some((chosen, by)) = self.winner {
            if by != alternative {
                return not_taken("another alternative was taken");
            }
            if chosen.same_service(eligible) {
                return (Verdict::Chosen, chosen_message(chosen));
            }
            return match compare(chosen, eligible) {
                Comparison::Better(rule) => outranked(chosen, rule),
                Comparison::Worse(_) => {
                    not_taken("it ranks higher, but its instance cannot provide the whole group")
                }
                Comparison::Tied if self.grouped => {
                    not_taken("another instance was taken for the whole group")
                }
                Comparison::Tied => outranked(chosen, RankRule::Name),
            };
        }
        if self.first != Some(alternative) {
            return not_taken("an earlier alternative has candidates");
        }
        if self.code != Some(FailureCode::Ambiguous) {
            return not_taken("it is eligible, but its instance does not provide the whole group");
        }
        let better = self
            .best
            .heads()
            .find_map(|head| match compare(head, eligible) {
                Comparison::Better(rule) => Some(outranked(head, rule)),
                _ => None,
            });
        better.unwrap_or_else(|| match eligible.profile {
            Chosen::Ambiguous(_) => (Verdict::Tied, TIED_PROFILES.to_owned()),
            _ => (Verdict::Tied, "no rule tells it from the others".to_owned()),
        })
    }
}

fn outranked(by: &Eligible<'_>, rule: RankRule) -> (Verdict, String) {
    let (extension, instance, service) = by.names();
    let message = format!(
        "`{extension}/{instance}/{service}` ranks before it: {}",
        rule.describe()
    );
    (Verdict::Outranked { rule }, message)
}

fn chosen_message(eligible: &Eligible<'_>) -> String {
    let layer = eligible.layer;
    let (extension, instance, service) = eligible.names();
    let endpoint = eligible.endpoint.map_or_else(
        || "without an endpoint".to_owned(),
        |endpoint| {
            format!(
                "by endpoint `{}`",
                layer.text(layer.endpoint_name.at(endpoint))
            )
        },
    );
    let account = eligible.profile.profile().map_or_else(
        || "no account".to_owned(),
        |profile| format!("profile `{}`", layer.text(layer.profile_name.at(profile))),
    );
    format!("`{extension}/{instance}/{service}` {endpoint}, with {account}")
}

/// Why a visible candidate was rejected, and what would fix it.
fn rejection(query: &Query<'_, '_>, service: ServiceId, rejected: Rejected) -> String {
    let layer = query.layer();
    let instance = layer.service_instance.at(service);
    match rejected {
        Rejected::Visibility => "it is not for this caller".to_owned(),
        Rejected::Version => {
            let constraint = query
                .constraint
                .map(ToString::to_string)
                .unwrap_or_default();
            match (layer.version(instance), query.constraint) {
                (Some(version), Some(wanted)) => match wanted.check(version) {
                    Err(VersionMismatch::Range) | Ok(()) => {
                        format!("version {version} does not satisfy {constraint}")
                    }
                    Err(mismatch) => {
                        format!("version {version} does not satisfy {constraint}: {mismatch}")
                    }
                },
                _ => format!("its version is not registered, and {constraint} is asked for"),
            }
        }
        Rejected::Endpoint => unreachable_message(query, service),
        Rejected::Profile => no_profile_message(query, service),
    }
}

fn unreachable_message(query: &Query<'_, '_>, service: ServiceId) -> String {
    let layer = query.layer();
    let instance = layer.service_instance.at(service);
    let location = layer.text(layer.instance_location.at(instance));
    let endpoints = || layer.service_endpoints.of(service);
    if endpoints().len() == 0 {
        return "it has no endpoint, and one is asked for".to_owned();
    }
    let mut allowed = endpoints().filter(|one| endpoint::is_allowed(query, *one));
    match allowed.next() {
        None => {
            let wanted = query
                .selector
                .endpoint
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default();
            let names =
                listed(endpoints().map(|one| layer.text(layer.endpoint_name.at(one)).to_owned()));
            format!("it has no endpoint `{wanted}`; it has {names}")
        }
        Some(one) => {
            let kind = match layer.endpoint_type(one) {
                EndpointType::ClusterApi => "the cluster API",
                _ => "internal endpoint",
            };
            match &query.caller.context.zone {
                _ if location == NOWHERE => {
                    format!("{kind} of an instance in `{location}`, which is no caller's zone")
                }
                Zone::Unknown => {
                    format!("{kind} needs zone `{location}`; the caller's zone is unknown")
                }
                Zone::Known(zone) => {
                    format!("{kind} needs zone `{location}`; the caller is in zone `{zone}`")
                }
            }
        }
    }
}

fn no_profile_message(query: &Query<'_, '_>, service: ServiceId) -> String {
    let layer = query.layer();
    let ways: Vec<_> = endpoint::reachable(query, service).collect();
    let mut profiles: Vec<_> = ways
        .iter()
        .flat_map(|way| layer.applicable_profiles(service, *way).collect::<Vec<_>>())
        .collect();
    profiles.sort_unstable();
    profiles.dedup();
    let named: Vec<_> = profiles
        .iter()
        .copied()
        .filter(|one| profile::is_named(query, *one))
        .collect();
    if profiles.is_empty() {
        return "it requires an account, and no profile is registered for it".to_owned();
    }
    let text = |one| layer.text(layer.profile_name.at(one));
    if named.is_empty() {
        let wanted = query
            .selector
            .profile
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        return format!("no profile `{wanted}` applies to it");
    }
    let reasons = named.into_iter().map(|one| {
        if profile::admits(query, one) {
            return match query.caller.now() {
                Some(_) => format!("profile `{}` has expired", text(one)),
                None => format!(
                    "profile `{}` expires, and the moment is not known",
                    text(one)
                ),
            };
        }
        let admitted = layer
            .profile_principal
            .slice(layer.profile_admitted.range(one));
        admission_message(
            layer,
            text(one),
            layer.profile_scope(one),
            admitted,
            query.caller.context,
        )
    });
    reasons.collect::<Vec<_>>().join("; ")
}

/// "profile `x` admits project alpha; the caller is in project beta".
///
/// The profile's instance is visible to the caller, so its allow-list may be named.
fn admission_message(
    layer: &Layer,
    name: &str,
    scope: Scope,
    admitted: &[u32],
    context: &RunContext,
) -> String {
    let of = |kind: Scope| -> Vec<&str> {
        let principals = admitted
            .iter()
            .map(|number| Principal(*number))
            .filter(|one| one.scope() == kind);
        principals.map(|one| layer.text(one.name())).collect()
    };
    let own = |kind: Scope| -> Vec<&str> {
        match kind {
            Scope::Global => Vec::new(),
            Scope::Project => context.project.iter().map(Name::as_str).collect(),
            Scope::User => context.user.iter().map(Name::as_str).collect(),
            Scope::Group => context.groups.iter().map(Name::as_str).collect(),
            Scope::Workflow => context.workflow.iter().map(Name::as_str).collect(),
        }
    };
    let refusing = [Scope::Project, Scope::User, Scope::Group, Scope::Workflow]
        .into_iter()
        .find(|kind| {
            let names = of(*kind);
            (!names.is_empty() || *kind == scope)
                && !own(*kind).iter().any(|mine| names.contains(mine))
        });
    let kind = refusing.unwrap_or(scope);
    let names = of(kind);
    if names.is_empty() {
        return format!("profile `{name}` of scope `{kind}` lists nobody");
    }
    let admits = format!("profile `{name}` admits {kind} {}", names.join(", "));
    match (kind, own(kind).as_slice()) {
        (_, []) => format!("{admits}; the caller states no {kind}"),
        (Scope::User, mine) => format!("{admits}; the caller is user {}", mine.join(", ")),
        (Scope::Workflow, mine) => format!("{admits}; the caller is workflow {}", mine.join(", ")),
        (_, mine) => format!("{admits}; the caller is in {kind} {}", mine.join(", ")),
    }
}

fn failure_message(
    snapshot: &Snapshot,
    requirements: &[Requirement],
    index: usize,
    code: FailureCode,
    candidates: &[ExplainedCandidate],
    hidden: usize,
    context: &RunContext,
) -> String {
    let Some(requirement) = requirements.get(index) else {
        return String::new();
    };
    let selectors: Vec<&Selector> = requirement
        .alternatives
        .iter()
        .map(|way| &way.selector)
        .collect();
    let nearest = candidates
        .iter()
        .find(|one| matches!(one.verdict, Verdict::Rejected { code: found } if found == code));
    match code {
        FailureCode::EmptySelector => {
            "it states nothing to select by; add `service`, `extension`, `category` or the like"
                .to_owned()
        }
        FailureCode::BadConstraint => selectors
            .iter()
            .find_map(|selector| match &selector.version {
                Some(Err(error)) => Some(format!(
                    "malformed version constraint: {error}; {}",
                    error.help()
                )),
                _ => None,
            })
            .unwrap_or_default(),
        FailureCode::Absent => absent_message(snapshot, &selectors, context),
        FailureCode::Forbidden if hidden == 1 => {
            "one candidate is registered, but not for this caller".to_owned()
        }
        FailureCode::Forbidden => {
            format!("{hidden} candidates are registered, none of them for this caller")
        }
        FailureCode::Ambiguous => {
            let tied = candidates.iter().filter(|one| one.verdict == Verdict::Tied);
            let tied: Vec<String> = tied.map(place).collect();
            match (
                tied.as_slice(),
                candidates.iter().find(|one| one.verdict == Verdict::Tied),
            ) {
                ([tied], Some(one)) if one.message == TIED_PROFILES => format!(
                    "`{tied}`: {}; mark one `default: true`, or ask for a `profile`",
                    one.message
                ),
                // Its own candidates are told apart, but not the instances for all requirements.
                ([] | [_], _) => {
                    "several instances can provide the whole group, and no rule tells \
                                  them apart; narrow the requirement, or mark one `default: true`"
                        .to_owned()
                }
                _ => format!(
                    "{} are equally good; narrow the requirement, or mark one `default: true`",
                    some(&tied)
                ),
            }
        }
        FailureCode::UnsatisfiableGroup => group_message(requirements, index),
        _ => match nearest {
            Some(one) => format!("nearest is `{}`: {}", place(one), one.message),
            None => code.to_string(),
        },
    }
}

/// The first of many words.
fn some(words: &[String]) -> String {
    const SHOWN: usize = 10;
    let shown = listed(words.iter().take(SHOWN));
    match words.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn place(candidate: &ExplainedCandidate) -> String {
    format!(
        "{}/{}/{}",
        candidate.extension, candidate.instance, candidate.service
    )
}

fn group_message(requirements: &[Requirement], index: usize) -> String {
    let Some(requirement) = requirements.get(index) else {
        return String::new();
    };
    if let Some(handle) = &requirement.same_instance_as {
        if requirements.iter().all(|other| other.name != *handle) {
            return format!(
                "`same_instance_as` names `{handle}`, which is no requirement of the step"
            );
        }
        if root_of(requirements, index).is_none() {
            return circle(requirements, index);
        }
    }
    let root = root_of(requirements, index);
    let members = (0..requirements.len()).filter(|other| root_of(requirements, *other) == root);
    let members = members
        .filter_map(|other| requirements.get(other))
        .map(|other| &other.name);
    format!("no single instance provides all of {}", listed(members))
}

fn is_grouped(requirements: &[Requirement], index: usize) -> bool {
    let shares = |one: &Requirement| one.same_instance_as.is_some();
    let Some(own) = requirements.get(index) else {
        return false;
    };
    shares(own)
        || requirements
            .iter()
            .any(|other| other.same_instance_as.as_ref() == Some(&own.name))
}

/// The references from a requirement on, until one comes again or leads nowhere.
fn circle(requirements: &[Requirement], index: usize) -> String {
    let mut path: Vec<&Name> = Vec::new();
    let mut at = requirements.get(index);
    while let Some(requirement) = at {
        let again = path.contains(&&requirement.name);
        path.push(&requirement.name);
        if again {
            let path: Vec<String> = path.iter().map(|name| format!("`{name}`")).collect();
            return format!("`same_instance_as` goes in a circle: {}", path.join(" → "));
        }
        at = requirement
            .same_instance_as
            .as_ref()
            .and_then(|handle| requirements.iter().find(|other| other.name == *handle));
    }
    format!(
        "`same_instance_as` leads to no requirement of the step, from `{}` on",
        path.last().map_or("", |name| name.as_str())
    )
}

/// What is nearest to a selector that nothing matches, among what the caller may see.
fn absent_message(snapshot: &Snapshot, selectors: &[&Selector], context: &RunContext) -> String {
    let Some(selector) = selectors.first() else {
        return "nothing matches".to_owned();
    };
    let wanted = selector
        .service
        .as_ref()
        .or(selector.service_type.as_ref())
        .or(selector.service_name.as_ref());
    let base = describe(selector);
    let in_record =
        selector.extension.is_some() || selector.instance.is_some() || selector.product.is_some();
    let mut types = if in_record {
        types_of_record(snapshot, selector, context)
    } else {
        all_types(snapshot, context)
    };
    types.sort_unstable();
    types.dedup();
    let near = wanted.and_then(|wanted| {
        let known = snapshot
            .catalogue()
            .service_types()
            .map(|known| known.service_type.as_str());
        hitchpost_registry_core::decode::closest(
            wanted.as_str(),
            types.iter().map(String::as_str).chain(known),
        )
    });
    match near {
        Some(near) if wanted.is_none_or(|wanted| wanted != near) => {
            format!("nothing registered matches {base}; did you mean `{near}`?")
        }
        _ if in_record && !types.is_empty() => format!(
            "nothing registered matches {base}; what is there offers {}",
            some(&types)
        ),
        _ => format!("nothing registered matches {base}; `hitchpost get` lists what is registered"),
    }
}

/// The types of the services that the selector's record, instance or product offers; of the first
/// thousand of them.
fn types_of_record(snapshot: &Snapshot, selector: &Selector, context: &RunContext) -> Vec<String> {
    let record = Selector {
        extension: selector.extension.clone(),
        instance: selector.instance.clone(),
        product: selector.product.clone(),
        ..Selector::default()
    };
    let mut types = Vec::new();
    for view in snapshot.views() {
        let caller = Caller::new(context, view.layer);
        let Some(query) = Query::new(view, &caller, &record) else {
            continue;
        };
        for service in identified(&query).into_iter().take(1_000) {
            if visibility::admits(&query, view.layer.service_instance.at(service)) {
                types.push(
                    view.layer
                        .text(view.layer.service_type.at(service))
                        .to_owned(),
                );
            }
        }
    }
    types
}

/// The types of all services that the caller may see.
fn all_types(snapshot: &Snapshot, context: &RunContext) -> Vec<String> {
    let everything = Selector::default();
    let mut types = Vec::new();
    for view in snapshot.views() {
        let caller = Caller::new(context, view.layer);
        let Some(query) = Query::new(view, &caller, &everything) else {
            continue;
        };
        for (symbol, mut services) in view.layer.postings.symbols(Key::Type) {
            let is_visible = |rank| {
                let instance = view
                    .layer
                    .service_instance
                    .at(view.layer.ranked.at(rank).service);
                !view.is_hidden(view.layer.instance_extension.at(instance))
                    && visibility::admits(&query, instance)
            };
            if services.any(is_visible) {
                types.push(view.layer.text(symbol).to_owned());
            }
        }
    }
    types
}

/// A selector in words: "extension `x`, service `y`".
fn describe(selector: &Selector) -> String {
    let names = [
        ("extension", &selector.extension),
        ("product", &selector.product),
        ("instance", &selector.instance),
        ("service", &selector.service),
        ("service type", &selector.service_type),
        ("service name", &selector.service_name),
        ("category", &selector.category),
        ("zone", &selector.zone),
    ];
    let names = names
        .into_iter()
        .filter_map(|(word, name)| name.as_ref().map(|name| format!("{word} `{name}`")));
    let labels = selector
        .labels
        .iter()
        .map(|(name, value)| format!("label `{name}: {value}`"));
    names.chain(labels).collect::<Vec<_>>().join(", ")
}
