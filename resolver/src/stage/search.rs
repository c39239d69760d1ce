//! Stages 1 to 6 for one selector: the best of its candidates.

use std::cmp::Ordering;

use super::{
    Caller, Eligible, Query, Rejected,
    identity::matches,
    rank::{Comparison, Prefix, compare, same_class},
    version,
};
use crate::{
    requirement::Selector,
    snapshot::{
        Snapshot,
        layer::{ExtensionId, InstanceId, NONE, Principal, ServiceId},
        postings::{ANYWHERE, Key, Segment},
        strings::Symbol,
    },
};

/// The eligible candidates that no other outranks. More than one: the choice is ambiguous.
#[derive(Debug, Default)]
pub(crate) struct Best<'s> {
    prefix: Option<Prefix>,
    /// One class for each product and version scheme: within a class versions compare, between
    /// classes nothing does.
    classes: Vec<Class<'s>>,
}

/// Candidates of one product and version scheme, all of one version.
#[derive(Debug)]
struct Class<'s> {
    head: Eligible<'s>,
    others: Vec<Eligible<'s>>,
}

impl<'s> Class<'s> {
    const fn new(head: Eligible<'s>) -> Self {
        Self { head, others: Vec::new() }
    }

    fn all(&self) -> impl Iterator<Item = &Eligible<'s>> {
        std::iter::once(&self.head).chain(&self.others)
    }
}

impl<'s> Best<'s> {
    /// Takes a candidate into account.
    pub(crate) fn offer(&mut self, new: Eligible<'s>) {
        if self.prefix.is_some_and(|held| held < new.prefix) {
            return;
        }
        if self.prefix != Some(new.prefix) {
            self.prefix = Some(new.prefix);
            self.classes.clear();
        }
        let Some(class) = self.classes.iter_mut().find(|class| same_class(&class.head, &new)) else {
            self.classes.push(Class::new(new));
            return;
        };
        match compare(&new, &class.head) {
            Comparison::Better(_) => *class = Class::new(new),
            Comparison::Worse(_) => {}
            // A service that admits its caller in several ways is listed several times.
            Comparison::Tied if class.all().any(|held| held.same_service(&new)) => {}
            Comparison::Tied => class.others.push(new),
        }
    }

    /// One of each class: what is better than any of a class is better than all of it.
    pub(crate) fn heads(&self) -> impl Iterator<Item = &Eligible<'s>> {
        self.classes.iter().map(|class| &class.head)
    }

    fn all(&self) -> impl Iterator<Item = &Eligible<'s>> {
        self.classes.iter().flat_map(Class::all)
    }

    /// Whether this one is among them.
    pub(crate) fn holds(&self, one: &Eligible<'_>) -> bool {
        self.all().any(|held| held.same_service(one))
    }

    /// Whether there are several, of which none can outrank all others.
    fn is_split(&self) -> bool {
        self.classes.len() > 1
    }

    /// Whether there are several.
    pub(crate) fn is_tied(&self) -> bool {
        self.all().nth(1).is_some()
    }

    /// The first by name.
    pub(crate) fn first(&self) -> Option<&Eligible<'s>> {
        let mut all = self.all();
        let first = all.next()?;
        Some(all.fold(first, |first, other| if other.names() < first.names() { other } else { first }))
    }
}

/// How far to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Until it is known which is best, or that the choice is ambiguous.
    Choice,
    /// Until every candidate that ties for the best is found.
    AllTies,
}

/// The best candidates of a selector; with [`Depth::Choice`], at most enough to see a tie.
pub(crate) fn best<'s>(snapshot: &'s Snapshot, callers: &[Caller<'_>], selector: &Selector, depth: Depth) -> Best<'s> {
    let mut best = Best::default();
    let mut queries = snapshot.views().zip(callers).map(|(view, caller)| {
        let query = Query::new(view, caller, selector)?;
        let candidates = candidates(&query);
        Some((query, candidates))
    });
    // A base and at most one layer of changes.
    let queries = [queries.next().flatten(), queries.next().flatten()];
    // First those of the caller's zone, which rank before others that are equal otherwise; then,
    // of the others, only those that rank higher by an earlier rule.
    for phase in [Phase::Zone, Phase::Anywhere] {
        let bound = best.prefix.map(Prefix::as_near);
        for (query, candidates) in queries.iter().flatten() {
            match candidates {
                Candidates::Listed(kind, symbol) => {
                    for list in lists(query, *kind, *symbol, phase) {
                        walk(query, list, bound, depth, &mut best);
                    }
                }
                Candidates::Few(services) if phase == Phase::Zone => {
                    let meant = services.iter().filter(|service| matches(query, **service));
                    for eligible in meant.filter_map(|service| query.check(*service).ok()) {
                        best.offer(eligible);
                    }
                }
                Candidates::Few(_) => {}
            }
        }
    }
    best
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Zone,
    Anywhere,
}

/// Where the candidates of a query are looked for.
#[derive(Debug)]
enum Candidates {
    /// In the posting lists of a key.
    Listed(Key, Symbol),
    /// Among these services.
    Few(Vec<ServiceId>),
}

fn candidates(query: &Query<'_, '_>) -> Candidates {
    let (layer, names) = (query.layer(), &query.names);
    if let Some(extension) = names.extension {
        let extension = layer.extension_by_symbol.at(extension).checked_sub(1).map(ExtensionId);
        let instances = extension.into_iter().flat_map(|extension| layer.extension_instances.of(extension));
        return Candidates::Few(instances.flat_map(|instance| layer.instance_services.of(instance)).collect());
    }
    if let Some(name) = names.instance {
        // A list that is read best first ends at the first that is eligible; reading all instances
        // of a rare name is faster.
        let instances = layer.instances_named(name);
        if instances.len() <= layer.service_name.len().isqrt() {
            return Candidates::Few(instances.iter().flat_map(|one| layer.instance_services.of(*one)).collect());
        }
    }
    let keys = [
        (Key::Type, names.service_type),
        (Key::Name, names.service_name),
        (Key::Category, names.category),
        (Key::Product, names.product),
    ];
    let labels = names.labels.iter().map(|label| (Key::Label, *label));
    let mut keys = keys.into_iter().filter_map(|(kind, symbol)| Some((kind, symbol?))).chain(labels);
    let Some(first) = keys.next() else { return Candidates::Listed(Key::Any, NONE) };
    let length = |(kind, symbol)| -> usize {
        [Phase::Zone, Phase::Anywhere].into_iter().flat_map(|phase| lists(query, kind, symbol, phase)).map(<[u32]>::len).sum()
    };
    let (kind, symbol) = keys.fold(first, |best, key| if length(key) < length(best) { key } else { best });
    Candidates::Listed(kind, symbol)
}

/// The posting lists of a phase: for everybody, and for each thing the caller is.
fn lists<'s>(query: &Query<'s, '_>, kind: Key, symbol: Symbol, phase: Phase) -> impl Iterator<Item = &'s [u32]> {
    let postings = &query.layer().postings;
    // A requirement that names a zone finds all its candidates in that zone's lists.
    let zone = match (query.names.zone, query.caller.zone, phase) {
        (Some(zone), _, Phase::Zone) | (None, Some(zone), Phase::Zone) => Some(zone.0 + 1),
        (None, _, Phase::Anywhere) => Some(ANYWHERE),
        _ => None,
    };
    let caller = query.caller;
    zone.into_iter().flat_map(move |zone| {
        std::iter::once(Principal::EVERYBODY)
            .chain(caller.principals())
            .map(move |principal| postings.get(Segment::new(kind, symbol, principal, zone)))
    })
}

/// Reads a list, best first, until nothing better can come.
fn walk<'s>(query: &Query<'s, '_>, list: &'s [u32], bound: Option<Prefix>, depth: Depth, best: &mut Best<'s>) {
    let layer = query.layer();
    let instance_at = |position: usize| list.get(position).map(|service| layer.service_instance.at(ServiceId(*service)));
    let group = |instance| layer.instance_group.at(instance);
    let level = |instance| layer.version_level.at(layer.instance_version.at(instance));
    let mut position = 0;
    let mut found: Option<InstanceId> = None;
    while let (Some(service), Some(instance)) = (list.get(position), instance_at(position)) {
        let service = ServiceId(*service);
        if bound.is_some_and(|bound| Prefix::without_zone(layer, instance) >= bound) {
            return;
        }
        if let Some(found) = found {
            if group(instance) == group(found) {
                // All others of the group are lower still, or equal and one more of a tie. A tie
                // says nothing yet: a later list may have what outranks both.
                if level(instance) < level(found) || depth == Depth::Choice && best.is_tied() {
                    position = gallop(position, |at| instance_at(at).is_some_and(|other| group(other) == group(found)));
                    continue;
                }
            } else if Prefix::without_zone(layer, instance) != Prefix::without_zone(layer, found) {
                return;
            }
        }
        if !matches(query, service) {
            position += 1;
            continue;
        }
        match query.check(service) {
            Ok(eligible) => {
                best.offer(eligible);
                let outranked = best.prefix.is_some_and(|held| held < eligible.prefix);
                if outranked || depth == Depth::Choice && best.is_split() {
                    return;
                }
                found = Some(instance);
                position += 1;
            }
            Err(Rejected::Version) => {
                let version = layer.instance_version.at(instance);
                let side = version::side(query, instance);
                position = gallop(position, |at| {
                    instance_at(at).is_some_and(|other| {
                        group(other) == group(instance)
                            && (layer.instance_version.at(other) == version
                                || side == Some(Ordering::Less)
                                || side == Some(Ordering::Greater) && version::side(query, other) == side)
                    })
                });
            }
            Err(_) => position += 1,
        }
    }
}

/// The first position behind `from` at which `holds` is false; it is true from `from` up to there.
fn gallop(from: usize, holds: impl Fn(usize) -> bool) -> usize {
    let mut step = 1;
    let mut low = from;
    while holds(low + step) {
        low += step;
        step *= 2;
    }
    let mut high = low + step;
    while low + 1 < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// The stage that the nearest miss reached, where nothing is eligible; `None` without a candidate.
pub(crate) fn nearest_miss(query: &Query<'_, '_>) -> Option<Rejected> {
    let mut nearest = None;
    let mut miss = |service| {
        if matches(query, service) {
            nearest = nearest.max(query.check(service).err());
        }
        // No stage is nearer than the last.
        nearest == Some(Rejected::Profile)
    };
    match candidates(query) {
        Candidates::Few(services) => services.into_iter().any(&mut miss),
        Candidates::Listed(kind, symbol) => query.layer().postings.every(kind, symbol).any(&mut miss),
    };
    nearest
}

/// Every service that has the right identity, whether or not it can be chosen.
pub(crate) fn identified(query: &Query<'_, '_>) -> Vec<ServiceId> {
    let services = match candidates(query) {
        Candidates::Listed(kind, symbol) => query.layer().postings.all(kind, symbol),
        Candidates::Few(services) => services,
    };
    services.into_iter().filter(|service| matches(query, *service)).collect()
}
