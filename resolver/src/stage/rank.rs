//! Stage 6: which of two eligible candidates is better.

use std::cmp::Ordering;

use hitchpost_registry_core::Scope;
use serde::Serialize;

use super::Eligible;
use crate::{
    context::{RunContext, Zone},
    snapshot::layer::{InstanceId, Layer, flags},
};

/// The rule by which one candidate ranks before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RankRule {
    /// An instance for this caller before one for everybody.
    CallerSpecific,
    /// `default: true` before others.
    Default,
    /// A release before a pre-release.
    Release,
    /// An instance in the caller's zone before others.
    NearerZone,
    /// The higher version of the same product.
    HigherVersion,
    /// The first by name, where the caller asked for that.
    Name,
}

impl RankRule {
    /// The rule in the words of an explanation: "… ranks before it: …".
    #[must_use]
    pub const fn describe(self) -> &'static str {
        match self {
            Self::CallerSpecific => "it is for this caller, not for everybody",
            Self::Default => "it is marked `default: true`",
            Self::Release => "it is a release, not a pre-release",
            Self::NearerZone => "it is in the caller's zone",
            Self::HigherVersion => "it has the higher version",
            Self::Name => "it comes first by name",
        }
    }
}

/// How two candidates compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// The first is better, by this rule.
    Better(RankRule),
    /// The second is better, by this rule.
    Worse(RankRule),
    /// No rule tells them apart: the choice is ambiguous.
    Tied,
}

/// What ranks before the version, worst last: compares as the rules do when `false < true` is
/// better first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Prefix {
    for_everybody: bool,
    not_default: bool,
    prerelease: bool,
    far: bool,
}

impl Prefix {
    pub(crate) fn new(layer: &Layer, instance: InstanceId, context: &RunContext) -> Self {
        let bits = layer.instance_flags.at(instance);
        let near = match &context.zone {
            Zone::Unknown => false,
            Zone::Known(zone) => layer.text(layer.instance_location.at(instance)) == zone.as_str(),
        };
        Self {
            for_everybody: layer.instance_scope(instance) == Scope::Global,
            not_default: bits & flags::DEFAULT == 0,
            prerelease: bits & flags::PRERELEASE != 0,
            far: !near,
        }
    }

    /// The first rule that tells two prefixes apart.
    fn rule(self, other: Self) -> Option<RankRule> {
        [
            (self.for_everybody != other.for_everybody, RankRule::CallerSpecific),
            (self.not_default != other.not_default, RankRule::Default),
            (self.prerelease != other.prerelease, RankRule::Release),
            (self.far != other.far, RankRule::NearerZone),
        ]
        .into_iter()
        .find_map(|(differs, rule)| differs.then_some(rule))
    }

    /// Without the zone: as far as the order does not depend on the caller.
    pub(crate) const fn without_zone(self) -> Self {
        Self { far: false, ..self }
    }
}

/// What stands together in a posting list: the prefix without the zone, then product and scheme,
/// within which versions compare.
pub(crate) type StaticGroup = (bool, bool, bool, u32, u8);

pub(crate) fn static_group(layer: &Layer, instance: InstanceId) -> StaticGroup {
    let bits = layer.instance_flags.at(instance);
    let product = layer.extension_product.at(layer.instance_extension.at(instance));
    let scheme = layer.version(instance).map_or(0, |version| 1 + version.scheme() as u8);
    (
        layer.instance_scope(instance) == Scope::Global,
        bits & flags::DEFAULT == 0,
        bits & flags::PRERELEASE != 0,
        product.0,
        scheme,
    )
}

/// Which of two candidates is better.
///
/// Versions compare only within one product, and only where both are known and of one scheme.
pub(crate) fn compare(a: &Eligible<'_>, b: &Eligible<'_>, context: &RunContext) -> Comparison {
    let (left, right) = (a.instance(), b.instance());
    let (mine, other) = (Prefix::new(a.layer, left, context), Prefix::new(b.layer, right, context));
    if let Some(rule) = mine.rule(other) {
        return if mine < other { Comparison::Better(rule) } else { Comparison::Worse(rule) };
    }
    match version_order(a, b) {
        Some(Ordering::Greater) => Comparison::Better(RankRule::HigherVersion),
        Some(Ordering::Less) => Comparison::Worse(RankRule::HigherVersion),
        Some(Ordering::Equal) | None => Comparison::Tied,
    }
}

fn version_order(a: &Eligible<'_>, b: &Eligible<'_>) -> Option<Ordering> {
    let product = |one: &Eligible<'_>| {
        one.layer.extension_product.at(one.layer.instance_extension.at(one.instance()))
    };
    let same = if std::ptr::eq(a.layer, b.layer) {
        product(a) == product(b)
    } else {
        a.layer.text(product(a)) == b.layer.text(product(b))
    };
    if !same {
        return None;
    }
    let (left, right) = (a.layer.version(a.instance())?, b.layer.version(b.instance())?);
    left.compare(right)
}
