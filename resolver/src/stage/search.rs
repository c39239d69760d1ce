//! Stages 1 to 6 for one selector: the best of its candidates.

use std::cmp::Ordering;

use smallvec::SmallVec;

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
        layer::{GroupId, Layer, NONE, Principal, Rank, Ranked, Run, ServiceId},
        postings::{ANYWHERE, Key, KeyLists, Segment, leading},
        strings::Symbol,
    },
};

/// The eligible candidates that no other outranks. More than one: the choice is ambiguous.
#[derive(Debug, Default)]
pub(crate) struct Best<'s> {
    prefix: Option<Prefix>,
    /// One class for each product and version scheme: within a class versions compare, between
    /// classes nothing does.
    classes: SmallVec<[Class<'s>; 1]>,
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
        self.is_split() || self.classes.iter().any(|class| !class.others.is_empty())
    }

    /// The version level of those held that are of this group of this layer.
    fn level_in(&self, layer: &Layer, group: GroupId) -> Option<u32> {
        let instances = self
            .classes
            .iter()
            .filter(|class| std::ptr::eq(class.head.layer, layer))
            .map(|class| class.head.instance());
        instances
            .filter(|instance| layer.instance_group.at(*instance) == group)
            .map(|instance| layer.version_level.at(layer.instance_version.at(instance)))
            .next()
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

/// One selector, looked for in every layer that has all its names.
pub(crate) struct Search<'s, 'q> {
    /// Of a base and at most one layer of changes.
    queries: [Option<(Query<'s, 'q>, Candidates)>; 2],
}

impl<'s, 'q> Search<'s, 'q> {
    #[inline]
    pub(crate) fn new(
        snapshot: &'s Snapshot,
        callers: &'q [Caller<'q>],
        selector: &'q Selector,
    ) -> Self {
        let mut search = Self {
            queries: [None, None],
        };
        for (place, (view, caller)) in search.queries.iter_mut().zip(snapshot.views().zip(callers))
        {
            if let Some(query) = Query::new(view, caller, selector) {
                let candidates = candidates(&query);
                *place = Some((query, candidates));
            }
        }
        search
    }

    /// The best candidates; with [`Depth::Choice`], at most enough to see a tie.
    pub(crate) fn best(&self, depth: Depth) -> Best<'s> {
        let mut best = Best::default();
        // First those of the caller's zone, which rank before others that are equal otherwise;
        // then, of the others, only those that rank higher by an earlier rule.
        for phase in [Phase::Zone, Phase::Anywhere] {
            let bound = best.prefix.map(Prefix::as_near);
            for (query, candidates) in self.queries.iter().flatten() {
                if phase == Phase::Zone {
                    let meant = candidates.few().iter().filter(|one| matches(query, **one));
                    for eligible in meant.filter_map(|service| query.check(*service).ok()) {
                        best.offer(eligible);
                    }
                }
                let Some(zone) = zone(query, phase) else {
                    continue;
                };
                for keys in candidates.keys() {
                    // For everybody, and for each thing the caller is.
                    for principal in [Principal::EVERYBODY]
                        .into_iter()
                        .chain(query.caller.principals())
                    {
                        let lists = Lists::new(query, keys, principal, zone);
                        walk(query, lists, bound, depth, &mut best);
                    }
                }
            }
        }
        best
    }

    /// The stage that the nearest miss reached, where nothing is eligible; `None` without a
    /// candidate.
    pub(crate) fn nearest_miss(&self) -> Option<Rejected> {
        let queries = self.queries.iter().flatten();
        queries
            .filter_map(|(query, candidates)| nearest_miss(query, candidates))
            .max()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Zone,
    Anywhere,
}

type Keys = SmallVec<[(Key, Symbol); 4]>;

/// Where the candidates of a query are looked for.
#[derive(Debug)]
enum Candidates {
    /// In the posting lists that these keys have in common.
    Listed(Keys),
    /// In those of the one or of the other.
    Either(Box<[Keys; 2]>),
    /// Among these services.
    Few(SmallVec<[ServiceId; 8]>),
}

impl Candidates {
    fn keys(&self) -> &[Keys] {
        match self {
            Self::Listed(keys) => std::slice::from_ref(keys),
            Self::Either(both) => &**both,
            Self::Few(_) => &[],
        }
    }

    fn few(&self) -> &[ServiceId] {
        match self {
            Self::Few(services) => services,
            _ => &[],
        }
    }
}

fn candidates(query: &Query<'_, '_>) -> Candidates {
    let (layer, names) = (query.layer(), &query.names);
    if let Some(name) = names.extension {
        let instances = layer
            .extension_named(name)
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
    let mut keys = Keys::new();
    // Of a label there are mostly the fewest.
    for label in &names.labels {
        keys.push((Key::Label, *label));
    }
    for (kind, symbol) in [
        (Key::Category, names.category),
        (Key::Product, names.product),
        (Key::Type, names.service_type),
    ] {
        if let Some(symbol) = symbol {
            keys.push((kind, symbol));
        }
    }
    if let Some(name) = names.service_name
        && names.service_type != Some(name)
    {
        // What is named as its type is listed by its type.
        let mut by_type = keys.clone();
        by_type.push((Key::Type, name));
        keys.push((Key::Name, name));
        if names.service_type.is_none() {
            return Candidates::Either(Box::new([keys, by_type]));
        }
    }
    if keys.is_empty() {
        keys.push((Key::Any, NONE));
    }
    Candidates::Listed(keys)
}

/// The zone whose lists are read in a phase.
fn zone(query: &Query<'_, '_>, phase: Phase) -> Option<u32> {
    // A requirement that names a zone finds all its candidates in that zone's lists.
    match (query.names.zone, query.caller.zone, phase) {
        (Some(zone), _, Phase::Zone) | (None, Some(zone), Phase::Zone) => Some(zone.0 + 1),
        (None, _, Phase::Anywhere) => Some(ANYWHERE),
        _ => None,
    }
}

/// The lists of several keys for one principal and zone, read as the one that they have in common.
struct Lists<'s> {
    shortest: &'s [u32],
    others: SmallVec<[&'s [u32]; 3]>,
}

impl<'s> Lists<'s> {
    fn new(query: &Query<'s, '_>, keys: &[(Key, Symbol)], principal: Principal, zone: u32) -> Self {
        let get = |(kind, symbol): &(Key, Symbol)| {
            let segment = Segment::new(*kind, *symbol, principal, zone);
            query.layer().postings.get(segment)
        };
        let mut keys = keys.iter();
        let mut lists = Self {
            shortest: keys.next().map_or(&[], get),
            others: SmallVec::new(),
        };
        for key in keys {
            // Nothing is in an empty list and in others.
            if lists.shortest.is_empty() {
                break;
            }
            let mut other = get(key);
            if other.len() < lists.shortest.len() {
                std::mem::swap(&mut other, &mut lists.shortest);
            }
            lists.others.push(other);
        }
        lists
    }
}

/// The ranks that are in all lists.
impl Iterator for Lists<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        'candidate: loop {
            let (rank, rest) = self.shortest.split_first()?;
            self.shortest = rest;
            for other in &mut self.others {
                drop_while(other, |before| before < *rank);
                let found = *other.first()?;
                if found != *rank {
                    drop_while(&mut self.shortest, |before| before < found);
                    continue 'candidate;
                }
            }
            return Some(*rank);
        }
    }
}

/// Drops the ranks at the front of a list for which something holds; it does for none behind the
/// first for which it does not.
fn drop_while(list: &mut &[u32], holds: impl Fn(u32) -> bool) {
    *list = list
        .get(leading(list, |rank| holds(*rank))..)
        .unwrap_or_default();
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
    while let Some(rank) = lists.next() {
        let Ranked { service, run } = layer.ranked.at(Rank(rank));
        let run = layer.runs.at(run);
        // What follows ranks no higher than this run in the caller's zone.
        if bound.is_some_and(|bound| run.prefix >= bound)
            || best.prefix.is_some_and(|held| held < run.prefix)
        {
            return;
        }
        if let Some(held) = best.level_in(layer, run.group) {
            let level = layer.version_level.at(run.version);
            // All others of the group are lower still, or equal and one more of a tie. A tie says
            // nothing yet: a later list may have what outranks both.
            if level < held || level == held && depth == Depth::Choice && best.is_tied() {
                let end = layer.group_end.at(run.group);
                drop_while(&mut lists.shortest, |other| other < end);
                continue;
            }
        }
        if !version::holds(query, run.version) {
            drop_mismatches(query, run, &mut lists.shortest);
        } else if matches(query, service)
            && let Ok(eligible) = query.check(service)
        {
            best.offer(eligible);
            if depth == Depth::Choice && best.is_split() {
                return;
            }
        }
    }
}

/// Drops from a list what fails the constraint as this run before it does.
fn drop_mismatches(query: &Query<'_, '_>, run: Run, list: &mut &[u32]) {
    let layer = query.layer();
    match version::side(query, run.version) {
        // All others of the group are lower.
        Some(Ordering::Less) => {
            let end = layer.group_end.at(run.group);
            drop_while(list, |other| other < end);
        }
        Some(Ordering::Greater) => drop_while(list, |other| {
            let other = layer.runs.at(layer.ranked.at(Rank(other)).run);
            other.group == run.group
                && version::side(query, other.version) == Some(Ordering::Greater)
        }),
        _ => drop_while(list, |other| other < run.end),
    }
}

/// The stage that the nearest miss among candidates reached; `None` without any.
fn nearest_miss(query: &Query<'_, '_>, candidates: &Candidates) -> Option<Rejected> {
    let layer = query.layer();
    let miss = |service| {
        let meant = matches(query, service);
        meant.then(|| query.check(service).err()).flatten()
    };
    let few = candidates.few().iter();
    let mut nearest = few.filter_map(|service| miss(*service)).max();
    for mut lists in candidates
        .keys()
        .iter()
        .flat_map(|keys| every_list(layer, keys))
    {
        while let Some(rank) = lists.next() {
            let Ranked { service, run } = layer.ranked.at(Rank(rank));
            // No version mismatch is nearer than another.
            if nearest >= Some(Rejected::Version)
                && let run = layer.runs.at(run)
                && !version::holds(query, run.version)
            {
                drop_mismatches(query, run, &mut lists.shortest);
                continue;
            }
            nearest = nearest.max(miss(service));
            // No stage is nearer than the last.
            if nearest == Some(Rejected::Profile) {
                return nearest;
            }
        }
    }
    nearest
}

/// Every service that has the right identity, whether or not it can be chosen, by number.
pub(crate) fn identified(query: &Query<'_, '_>) -> Vec<ServiceId> {
    let layer = query.layer();
    let candidates = candidates(query);
    let mut services = candidates.few().to_vec();
    let lists = candidates
        .keys()
        .iter()
        .flat_map(|keys| every_list(layer, keys));
    services.extend(
        lists
            .flatten()
            .map(|rank| layer.ranked.at(Rank(rank)).service),
    );
    services.retain(|service| matches(query, *service));
    services.sort_unstable();
    services.dedup();
    services
}

/// The lists of the key that has the fewest services, for every principal and zone, and of the
/// labels and the product: those stand far from the service, and are slow to check one by one.
fn every_list<'l>(layer: &'l Layer, keys: &Keys) -> impl Iterator<Item = Lists<'l>> {
    let lists = |(kind, symbol): &(Key, Symbol)| layer.postings.lists(*kind, *symbol);
    let fewest = keys.iter().min_by_key(|key| lists(key).services());
    let mut others: SmallVec<[KeyLists<'_>; 2]> = SmallVec::new();
    for key in keys {
        if matches!(key.0, Key::Label | Key::Product) && Some(key) != fewest {
            others.push(lists(key));
        }
    }
    // A service stands in one zone, whether or not it can be reached from anywhere.
    let zones = fewest
        .into_iter()
        .flat_map(lists)
        .filter(|(segment, _)| segment.zone != ANYWHERE);
    zones.filter_map(move |(segment, shortest)| {
        let mut lists = Lists {
            shortest,
            others: SmallVec::new(),
        };
        for other in &mut others {
            lists.others.push(other.seek(segment)?);
        }
        Some(lists)
    })
}
