//! Stage 7: the requirements of one step, solved together.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use super::{
    Caller, Eligible, Query,
    search::{Best, Depth, Search, identified},
};
use crate::{
    context::RunContext,
    failure::FailureCode,
    requirement::Requirement,
    resolution::OnAmbiguity,
    snapshot::{
        Snapshot,
        layer::{InstanceId, Layer},
    },
};

/// What becomes of one requirement.
#[derive(Debug)]
pub(crate) enum Outcome<'s> {
    /// This candidate, by this alternative.
    Chosen {
        eligible: Eligible<'s>,
        alternative: usize,
    },
    /// Nothing, which the requirement allows.
    Skipped,
    /// Nothing.
    Failed(FailureCode),
}

/// Solves the requirements of a step: an outcome for each, in order.
pub(crate) fn solve<'s>(
    snapshot: &'s Snapshot,
    requirements: &[Requirement],
    context: &RunContext,
    on_ambiguity: OnAmbiguity,
) -> Vec<Outcome<'s>> {
    let callers: SmallVec<[Caller<'_>; 2]> = snapshot
        .views()
        .map(|view| Caller::new(context, view.layer))
        .collect();
    let solver = Solver {
        snapshot,
        requirements,
        callers: &callers,
        on_ambiguity,
    };
    if requirements
        .iter()
        .all(|requirement| requirement.same_instance_as.is_none())
    {
        return requirements
            .iter()
            .map(|requirement| solver.alone(requirement))
            .collect();
    }
    solver.grouped()
}

struct Solver<'s, 'r> {
    snapshot: &'s Snapshot,
    requirements: &'r [Requirement],
    callers: &'r [Caller<'r>],
    on_ambiguity: OnAmbiguity,
}

/// Which alternative a member of a group takes in an instance, and with which service.
type Part<'s> = Option<(usize, Eligible<'s>)>;

/// A way to meet a whole group in one instance.
struct Solution<'s> {
    parts: Vec<Part<'s>>,
    /// A member has several services to choose from in this instance.
    tied: bool,
}

impl<'s> Solver<'s, '_> {
    /// A requirement that shares its instance with no other.
    fn alone(&self, requirement: &Requirement) -> Outcome<'s> {
        if let Some(fault) = fault(requirement) {
            return Outcome::Failed(fault);
        }
        let is_strict = self.on_ambiguity == OnAmbiguity::Fail;
        let depth = if is_strict {
            Depth::Choice
        } else {
            Depth::AllTies
        };
        let mut tried: SmallVec<[Search<'_, '_>; 1]> = SmallVec::new();
        for (alternative, way) in requirement.alternatives.iter().enumerate() {
            let search = Search::new(self.snapshot, self.callers, &way.selector);
            let found = search.best(depth);
            if is_strict && found.is_tied() {
                return Outcome::Failed(FailureCode::Ambiguous);
            }
            match found.first().copied() {
                None => tried.push(search),
                Some(Eligible {
                    profile: super::profile::Chosen::Ambiguous(_),
                    ..
                }) if is_strict => {
                    return Outcome::Failed(FailureCode::Ambiguous);
                }
                Some(eligible) => {
                    return Outcome::Chosen {
                        eligible,
                        alternative,
                    };
                }
            }
        }
        if requirement.optional {
            Outcome::Skipped
        } else {
            // The code is that of the nearest miss.
            let missed = tried.iter().filter_map(Search::nearest_miss);
            Outcome::Failed(
                missed
                    .map(FailureCode::from)
                    .fold(FailureCode::Absent, FailureCode::nearer),
            )
        }
    }

    fn grouped(&self) -> Vec<Outcome<'s>> {
        let mut outcomes: BTreeMap<usize, Outcome<'s>> = BTreeMap::new();
        for group in self.groups() {
            match group {
                Ok(members) => {
                    let solved = match members.as_slice() {
                        [one] => self
                            .requirements
                            .get(*one)
                            .map(|requirement| vec![self.alone(requirement)]),
                        _ => Some(self.group(&members)),
                    };
                    outcomes.extend(members.into_iter().zip(solved.unwrap_or_default()));
                }
                Err(member) => {
                    outcomes.insert(member, Outcome::Failed(FailureCode::UnsatisfiableGroup));
                }
            }
        }
        outcomes.into_values().collect()
    }

    /// The requirements that share an instance, each group in the order of the step. A
    /// requirement whose reference leads nowhere or in a circle stands alone, as an error.
    fn groups(&self) -> Vec<Result<Vec<usize>, usize>> {
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut faulty = Vec::new();
        for (index, _) in self.requirements.iter().enumerate() {
            match root_of(self.requirements, index) {
                Some(root) => groups.entry(root).or_default().push(index),
                None => faulty.push(Err(index)),
            }
        }
        groups.into_values().map(Ok).chain(faulty).collect()
    }

    fn group(&self, members: &[usize]) -> Vec<Outcome<'s>> {
        let requirements: Vec<&Requirement> = members
            .iter()
            .filter_map(|index| self.requirements.get(*index))
            .collect();
        if requirements
            .iter()
            .any(|requirement| fault(requirement).is_some())
        {
            return requirements
                .iter()
                .map(|requirement| {
                    Outcome::Failed(fault(requirement).unwrap_or(FailureCode::UnsatisfiableGroup))
                })
                .collect();
        }
        let mut solutions: Vec<Solution<'s>> = Vec::new();
        for (layer_index, instance) in self.instances(&requirements) {
            solutions.extend(self.in_instance(layer_index, instance, &requirements));
        }
        for member in 0..requirements.len() {
            keep_best(&mut solutions, member);
        }
        solutions.sort_by_key(|solution| {
            solution
                .parts
                .iter()
                .flatten()
                .map(|(_, part)| part.names())
                .collect::<Vec<_>>()
        });
        let unclear = solutions.len() > 1 || solutions.iter().any(|solution| solution.tied);
        match solutions.into_iter().next() {
            Some(_) if unclear && self.on_ambiguity == OnAmbiguity::Fail => requirements
                .iter()
                .map(|_| Outcome::Failed(FailureCode::Ambiguous))
                .collect(),
            Some(solution) => solution
                .parts
                .into_iter()
                .map(|part| match part {
                    Some((alternative, eligible)) => Outcome::Chosen {
                        eligible,
                        alternative,
                    },
                    None => Outcome::Skipped,
                })
                .collect(),
            None => requirements
                .iter()
                .map(|requirement| self.group_failure(requirement))
                .collect(),
        }
    }

    /// A member's own failure when it has one; else it is the group that cannot be met. The step
    /// can do without an optional member all the same.
    fn group_failure(&self, requirement: &Requirement) -> Outcome<'s> {
        if requirement.optional {
            return Outcome::Skipped;
        }
        match self.alone(requirement) {
            Outcome::Failed(code) if code != FailureCode::Ambiguous => Outcome::Failed(code),
            _ => Outcome::Failed(FailureCode::UnsatisfiableGroup),
        }
    }

    /// The instances in which a group could be met: those of the mandatory member that has the
    /// fewest candidates, or of all members when none is mandatory.
    fn instances(&self, requirements: &[&Requirement]) -> Vec<(usize, InstanceId)> {
        let of = |requirement: &Requirement| {
            let mut instances = Vec::new();
            for way in &requirement.alternatives {
                for (index, (view, caller)) in self.snapshot.views().zip(self.callers).enumerate() {
                    let Some(query) = Query::new(view, caller, &way.selector) else {
                        continue;
                    };
                    let services = identified(&query);
                    instances.extend(
                        services
                            .into_iter()
                            .map(|service| (index, view.layer.service_instance.at(service))),
                    );
                }
            }
            instances.sort_unstable();
            instances.dedup();
            instances
        };
        let mandatory = requirements
            .iter()
            .filter(|requirement| !requirement.optional);
        match mandatory
            .map(|requirement| of(requirement))
            .min_by_key(Vec::len)
        {
            Some(fewest) => fewest,
            None => {
                let mut all: Vec<_> = requirements
                    .iter()
                    .flat_map(|requirement| of(requirement))
                    .collect();
                all.sort_unstable();
                all.dedup();
                all
            }
        }
    }

    /// How a group is met in one instance: each member by its first alternative that can be.
    fn in_instance(
        &self,
        layer_index: usize,
        instance: InstanceId,
        requirements: &[&Requirement],
    ) -> Option<Solution<'s>> {
        let (view, caller) = self.snapshot.views().zip(self.callers).nth(layer_index)?;
        let layer: &'s Layer = view.layer;
        let mut solution = Solution {
            parts: Vec::with_capacity(requirements.len()),
            tied: false,
        };
        for requirement in requirements {
            let mut part = None;
            for (alternative, way) in requirement.alternatives.iter().enumerate() {
                let Some(query) = Query::new(view, caller, &way.selector) else {
                    continue;
                };
                let mut fitting = layer
                    .instance_services
                    .of(instance)
                    .filter(|service| super::identity::matches(&query, *service))
                    .filter_map(|service| query.check(service).ok());
                if let Some(first) = fitting.next() {
                    solution.tied |= fitting.next().is_some()
                        || matches!(first.profile, super::profile::Chosen::Ambiguous(_));
                    part = Some((alternative, first));
                    break;
                }
            }
            if part.is_none() && !requirement.optional {
                return None;
            }
            solution.parts.push(part);
        }
        solution
            .parts
            .iter()
            .any(Option::is_some)
            .then_some(solution)
    }
}

/// Keeps the solutions that are best for one member: by the earliest alternative, and of those in
/// an instance that no other outranks.
fn keep_best<'s>(solutions: &mut Vec<Solution<'s>>, member: usize) {
    let part = |solution: &Solution<'s>| solution.parts.get(member).copied().flatten();
    let Some(earliest) = solutions
        .iter()
        .filter_map(part)
        .map(|(alternative, _)| alternative)
        .min()
    else {
        return;
    };
    let mut best = Best::default();
    solutions.retain(|solution| match part(solution) {
        Some((alternative, eligible)) if alternative == earliest => {
            best.offer(eligible);
            true
        }
        _ => false,
    });
    solutions.retain(|solution| part(solution).is_some_and(|(_, eligible)| best.holds(&eligible)));
}

/// What fails a requirement before any candidate is looked at.
fn fault(requirement: &Requirement) -> Option<FailureCode> {
    let selectors = || requirement.alternatives.iter().map(|way| &way.selector);
    if selectors().any(|selector| matches!(selector.version, Some(Err(_)))) {
        return Some(FailureCode::BadConstraint);
    }
    selectors()
        .any(crate::requirement::Selector::is_empty)
        .then_some(FailureCode::EmptySelector)
}

/// Where the `same_instance_as` references of a requirement end; `None` when they lead to no
/// requirement of the step, or in a circle.
pub(crate) fn root_of(requirements: &[Requirement], index: usize) -> Option<usize> {
    let mut at = index;
    for _ in 0..=requirements.len() {
        match &requirements.get(at)?.same_instance_as {
            None => return Some(at),
            Some(handle) => at = requirements.iter().position(|one| one.name == *handle)?,
        }
    }
    None
}
