//! Stages 1 to 6 for one selector: the best of its candidates.

use super::{
    Caller, Eligible, Query, Rejected,
    identity::matches,
    rank::{Comparison, Prefix, StaticGroup, compare, same_class, static_group},
};
use crate::{
    requirement::Selector,
    snapshot::{
        Snapshot,
        layer::{InstanceId, Layer, Principal, ServiceId},
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
    classes: Vec<Vec<Eligible<'s>>>,
}

impl<'s> Best<'s> {
    /// Takes a candidate into account.
    pub(crate) fn offer(&mut self, new: Eligible<'s>) {
        let prefix = new.prefix;
        match self.prefix {
            Some(held) if held < prefix => return,
            Some(held) if held == prefix => {}
            _ => {
                self.prefix = Some(prefix);
                self.classes.clear();
            }
        }
        for class in &mut self.classes {
            let Some(head) = class.first() else { continue };
            if !same_class(head, &new) {
                continue;
            }
            match compare(&new, head) {
                Comparison::Better(_) => *class = vec![new],
                Comparison::Worse(_) => {}
                Comparison::Tied if class.iter().any(|held| held.same_service(&new)) => {}
                Comparison::Tied => class.push(new),
            }
            return;
        }
        self.classes.push(vec![new]);
    }

    /// Whether this one is among them.
    pub(crate) fn holds(&self, one: &Eligible<'_>) -> bool {
        self.classes.iter().flatten().any(|held| held.same_service(one))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.classes.iter().map(Vec::len).sum()
    }

    /// All of them, by name.
    pub(crate) fn into_sorted(self) -> Vec<Eligible<'s>> {
        let mut all: Vec<Eligible<'s>> = self.classes.into_iter().flatten().collect();
        all.sort_by_key(Eligible::names);
        all
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
pub(crate) fn best<'s>(
    snapshot: &'s Snapshot,
    callers: &[Caller<'_>],
    selector: &Selector,
    depth: Depth,
) -> Best<'s> {
    let mut best = Best::default();
    let limit = if depth == Depth::Choice { 2 } else { usize::MAX };
    // First those of the caller's zone, which rank before others that are equal otherwise; then,
    // of the others, only those that rank higher by an earlier rule.
    for phase in [Phase::Zone, Phase::Anywhere] {
        let bound = best.prefix.map(Prefix::as_near);
        for (view, caller) in snapshot.views().zip(callers) {
            let Some(query) = Query::new(view, caller, selector) else { continue };
            match (candidates(&query), phase) {
                (Candidates::Listed(kind, symbol), _) => {
                    for list in lists(&query, kind, symbol, phase) {
                        walk(&query, list, bound, limit, &mut best);
                    }
                }
                (Candidates::Scanned(services), Phase::Zone) => {
                    for service in services {
                        if matches(&query, service)
                            && let Ok(eligible) = query.check(service)
                        {
                            best.offer(eligible);
                        }
                    }
                }
                (Candidates::Scanned(_), Phase::Anywhere) => {}
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
pub(crate) enum Candidates {
    /// In the posting lists of a key.
    Listed(Key, Symbol),
    /// Among these services.
    Scanned(std::iter::Map<std::ops::Range<u32>, fn(u32) -> ServiceId>),
}

pub(crate) fn candidates(query: &Query<'_, '_>) -> Candidates {
    let (layer, names) = (query.layer(), &query.names);
    let scan = |from: u32, to: u32| Candidates::Scanned((from..to).map(ServiceId as fn(u32) -> ServiceId));
    if let Some(extension) = names.extension {
        let Some(extension) = layer.extension_by_symbol.at(extension).checked_sub(1) else { return scan(0, 0) };
        let instances = layer.extension_instances.range(crate::snapshot::layer::ExtensionId(extension));
        return match (instances.clone().next(), instances.last()) {
            (Some(first), Some(last)) => scan(
                layer.instance_services.range(InstanceId(first)).start,
                layer.instance_services.range(InstanceId(last)).end,
            ),
            _ => scan(0, 0),
        };
    }
    if let Some(service_type) = names.service_type {
        return Candidates::Listed(Key::Type, service_type);
    }
    if let Some(category) = names.category {
        return Candidates::Listed(Key::Category, category);
    }
    if let Some(product) = names.product {
        return Candidates::Listed(Key::Product, product);
    }
    scan(0, u32::try_from(layer.service_name.len()).unwrap_or(u32::MAX))
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
fn walk<'s>(query: &Query<'s, '_>, list: &'s [u32], bound: Option<Prefix>, limit: usize, best: &mut Best<'s>) {
    let layer = query.layer();
    let instance_of = |position: usize| {
        list.get(position).map(|service| layer.service_instance.at(ServiceId(*service)))
    };
    let mut position = 0;
    let mut found: Option<(StaticGroup, InstanceId)> = None;
    while let (Some(service), Some(instance)) = (list.get(position), instance_of(position)) {
        let service = ServiceId(*service);
        if bound.is_some_and(|bound| Prefix::without_zone(layer, instance) >= bound) {
            return;
        }
        if let Some((group, winner)) = found {
            let here = static_group(layer, instance);
            if here.0 != group.0 {
                return;
            }
            if here == group && is_lower(layer, instance, winner) {
                position = gallop(position, |at| instance_of(at).is_some_and(|other| static_group(layer, other) == group));
                continue;
            }
        }
        if !matches(query, service) {
            position += 1;
            continue;
        }
        match query.check(service) {
            Ok(eligible) => {
                best.offer(eligible);
                if best.len() >= limit {
                    return;
                }
                found = Some((static_group(layer, instance), instance));
                position += 1;
            }
            Err(Rejected::Version) => {
                let version = layer.instance_version.at(instance);
                let group = static_group(layer, instance);
                position = gallop(position, |at| {
                    instance_of(at).is_some_and(|other| {
                        layer.instance_version.at(other) == version && static_group(layer, other) == group
                    })
                });
            }
            Err(_) => position += 1,
        }
    }
}

fn is_lower(layer: &Layer, instance: InstanceId, than: InstanceId) -> bool {
    if layer.instance_version.at(instance) == layer.instance_version.at(than) {
        return false;
    }
    match (layer.version(instance), layer.version(than)) {
        (Some(one), Some(other)) => one.compare(other) == Some(std::cmp::Ordering::Less),
        _ => false,
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

/// Every service that has the right identity, whether or not it can be chosen.
pub(crate) fn identified(query: &Query<'_, '_>) -> Vec<ServiceId> {
    let services = match candidates(query) {
        Candidates::Listed(kind, symbol) => query.layer().postings.all(kind, symbol),
        Candidates::Scanned(services) => services.collect(),
    };
    services.into_iter().filter(|service| matches(query, *service)).collect()
}
