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
        column::Id,
        layer::{ExtensionId, InstanceId, Layer, NONE, Principal, Rank, RunId, ServiceId},
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
        Self {
            head,
            others: Vec::new(),
        }
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
        let Some(class) = self
            .classes
            .iter_mut()
            .find(|class| same_class(&class.head, &new))
        else {
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
        Some(all.fold(first, |first, other| {
            if other.names() < first.names() {
                other
            } else {
                first
            }
        }))
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
                Candidates::Listed(keys) => {
                    for (principal, zone) in segments(query, phase) {
                        walk(
                            query,
                            Lists::new(query, keys, principal, zone),
                            bound,
                            depth,
                            &mut best,
                        );
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
    /// In the posting lists that these keys have in common.
    Listed(Vec<(Key, Symbol)>),
    /// Among these services.
    Few(Vec<ServiceId>),
}

fn candidates(query: &Query<'_, '_>) -> Candidates {
    let (layer, names) = (query.layer(), &query.names);
    if let Some(extension) = names.extension {
        let extension = layer
            .extension_by_symbol
            .at(extension)
            .checked_sub(1)
            .map(ExtensionId);
        let instances = extension
            .into_iter()
            .flat_map(|extension| layer.extension_instances.of(extension));
        return Candidates::Few(
            instances
                .flat_map(|instance| layer.instance_services.of(instance))
                .collect(),
        );
    }
    if let Some(name) = names.instance {
        // A list that is read best first ends at the first that is eligible; reading all instances
        // of a rare name is faster.
        let instances = layer.instances_named(name);
        if instances.len() <= layer.service_name.len().isqrt() {
            return Candidates::Few(
                instances
                    .iter()
                    .flat_map(|one| layer.instance_services.of(*one))
                    .collect(),
            );
        }
    }
    let keys = [
        (Key::Type, names.service_type),
        (Key::Name, names.service_name),
        (Key::Category, names.category),
        (Key::Product, names.product),
    ];
    let keys = keys
        .into_iter()
        .filter_map(|(kind, symbol)| Some((kind, symbol?)));
    let labels = names.labels.iter().map(|label| (Key::Label, *label));
    let mut keys: Vec<(Key, Symbol)> = keys.chain(labels).collect();
    if keys.is_empty() {
        keys.push((Key::Any, NONE));
    }
    Candidates::Listed(keys)
}

/// For whom and for which zone lists are read in a phase: for everybody, and for each thing the
/// caller is.
fn segments(query: &Query<'_, '_>, phase: Phase) -> impl Iterator<Item = (Principal, u32)> {
    // A requirement that names a zone finds all its candidates in that zone's lists.
    let zone = match (query.names.zone, query.caller.zone, phase) {
        (Some(zone), _, Phase::Zone) | (None, Some(zone), Phase::Zone) => Some(zone.0 + 1),
        (None, _, Phase::Anywhere) => Some(ANYWHERE),
        _ => None,
    };
    zone.into_iter().flat_map(|zone| {
        std::iter::once(Principal::EVERYBODY)
            .chain(query.caller.principals())
            .map(move |principal| (principal, zone))
    })
}

/// The lists of several keys for one principal and zone, read as the one that they have in common.
struct Lists<'s> {
    shortest: &'s [u32],
    others: Vec<&'s [u32]>,
}

impl<'s> Lists<'s> {
    fn new(query: &Query<'s, '_>, keys: &[(Key, Symbol)], principal: Principal, zone: u32) -> Self {
        let get = |(kind, symbol): &(Key, Symbol)| {
            query
                .layer()
                .postings
                .get(Segment::new(*kind, *symbol, principal, zone))
        };
        let (first, others) = keys
            .split_first()
            .map_or((&[][..], &[][..]), |(first, others)| (get(first), others));
        let mut lists = Self {
            shortest: first,
            others: others.iter().map(get).collect(),
        };
        for other in &mut lists.others {
            if other.len() < lists.shortest.len() {
                std::mem::swap(other, &mut lists.shortest);
            }
        }
        lists
    }

    /// The first rank that is not before this one and in all lists.
    fn from(&mut self, rank: u32) -> Option<u32> {
        skip(&mut self.shortest, rank);
        let mut rank = *self.shortest.first()?;
        loop {
            let mut furthest = rank;
            for other in &mut self.others {
                skip(other, furthest);
                furthest = *other.first()?;
            }
            if furthest == rank {
                return Some(rank);
            }
            skip(&mut self.shortest, furthest);
            rank = *self.shortest.first()?;
        }
    }
}

/// Drops what is before a rank off a list.
fn skip(list: &mut &[u32], rank: u32) {
    let before = |at: usize| list.get(at).is_some_and(|other| *other < rank);
    if !before(0) {
        return;
    }
    let mut step = 1;
    while before(step) {
        step *= 2;
    }
    let rest = list.get(step / 2..).unwrap_or_default();
    let dropped = rest
        .get(..step.min(rest.len()))
        .unwrap_or_default()
        .partition_point(|other| *other < rank);
    *list = rest.get(dropped..).unwrap_or_default();
}

/// Reads lists, best first, until nothing better can come.
fn walk<'s>(
    query: &Query<'s, '_>,
    mut lists: Lists<'s>,
    bound: Option<Prefix>,
    depth: Depth,
    best: &mut Best<'s>,
) {
    let layer = query.layer();
    let group = |instance| layer.instance_group.at(instance);
    let level = |instance| layer.version_level.at(layer.instance_version.at(instance));
    let mut found: Option<InstanceId> = None;
    let mut next = lists.from(0);
    while let Some(first) = next {
        let Some(after) = first.checked_add(1) else {
            return;
        };
        let run = layer.run(first);
        let example = layer.run_instance.at(run);
        let prefix = Prefix::without_zone(layer, example);
        if bound.is_some_and(|bound| prefix >= bound) {
            return;
        }
        if let Some(found) = found {
            if group(example) == group(found) {
                // All others of the group are lower still, or equal and one more of a tie. A tie
                // says nothing yet: a later list may have what outranks both.
                if level(example) < level(found) || depth == Depth::Choice && best.is_tied() {
                    next = lists
                        .from(end_of(layer, run, |other| group(other) == group(found)).max(after));
                    continue;
                }
            } else if prefix != Prefix::without_zone(layer, found) {
                return;
            }
        }
        if !version::holds(query, example) {
            let side = version::side(query, example);
            let end = end_of(layer, run, |other| {
                group(other) == group(example)
                    && (side == Some(Ordering::Less)
                        || side == Some(Ordering::Greater) && version::side(query, other) == side)
            });
            next = lists.from(end.max(after));
            continue;
        }
        let end = layer.run_end(run).max(after);
        while let Some(rank) = next.filter(|rank| *rank < end) {
            let service = layer.ranked.at(Rank(rank));
            if matches(query, service)
                && let Ok(eligible) = query.check(service)
            {
                best.offer(eligible);
                let outranked = best.prefix.is_some_and(|held| held < eligible.prefix);
                if outranked || depth == Depth::Choice && best.is_split() {
                    return;
                }
                found = Some(example);
                if depth == Depth::Choice && best.is_tied() {
                    break;
                }
            }
            next = rank.checked_add(1).and_then(|rank| lists.from(rank));
        }
    }
}

/// The first rank behind a run and the runs after it for which something holds; it does for none
/// behind the first for which it does not.
fn end_of(layer: &Layer, run: RunId, holds: impl Fn(InstanceId) -> bool) -> u32 {
    let mut step = 1;
    let holds = |ahead: u32| {
        let run = RunId(run.0.saturating_add(ahead));
        run.index() < layer.run_start.len() && holds(layer.run_instance.at(run))
    };
    while holds(step) {
        step *= 2;
    }
    // It holds at `low`, or that is the run itself; at `high` it does not.
    let (mut low, mut high) = (step / 2, step);
    while low + 1 < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    layer.run_end(RunId(run.0.saturating_add(low)))
}

/// The stage that the nearest miss reached, where nothing is eligible; `None` without a candidate.
pub(crate) fn nearest_miss(query: &Query<'_, '_>) -> Option<Rejected> {
    let layer = query.layer();
    let mut nearest = None;
    let mut miss = |service| {
        // No version mismatch is nearer than another.
        let is_nearer = nearest < Some(Rejected::Version)
            || version::holds(query, layer.service_instance.at(service));
        if is_nearer && matches(query, service) {
            nearest = nearest.max(query.check(service).err());
        }
        // No stage is nearer than the last.
        nearest == Some(Rejected::Profile)
    };
    identified_by(query, &mut miss);
    nearest
}

/// Every service that has the right identity, whether or not it can be chosen, by number.
pub(crate) fn identified(query: &Query<'_, '_>) -> Vec<ServiceId> {
    let mut services = Vec::new();
    identified_by(query, &mut |service| {
        if matches(query, service) {
            services.push(service);
        }
        false
    });
    services.sort_unstable();
    services.dedup();
    services
}

/// Shows all services that may have the right identity, until `see` has seen enough.
fn identified_by(query: &Query<'_, '_>, see: &mut impl FnMut(ServiceId) -> bool) {
    let layer = query.layer();
    match candidates(query) {
        Candidates::Few(services) => {
            services.into_iter().any(see);
        }
        Candidates::Listed(keys) => {
            let segments = |(kind, symbol): &(Key, Symbol)| layer.postings.segments(*kind, *symbol);
            let fewest = keys.iter().min_by_key(|key| segments(key).len());
            // A service stands in one zone, whether or not it can be reached from anywhere.
            for segment in fewest
                .into_iter()
                .flat_map(segments)
                .filter(|segment| segment.zone != ANYWHERE)
            {
                let mut lists = Lists::new(query, &keys, segment.principal, segment.zone);
                let mut next = lists.from(0);
                while let Some(rank) = next {
                    if see(layer.ranked.at(Rank(rank))) {
                        return;
                    }
                    next = rank.checked_add(1).and_then(|rank| lists.from(rank));
                }
            }
        }
    }
}
