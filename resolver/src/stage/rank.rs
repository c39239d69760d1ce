//! Stage 6: which of two eligible candidates is better.

use std::cmp::Ordering;

use hitchpost_registry_core::{Scheme, Scope, Version};
use serde::Serialize;

use super::Eligible;
use crate::snapshot::{
    layer::{InstanceId, Layer, flags},
    strings::Symbol,
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

/// What ranks before the version, in one number: less is better, and the highest bit in which two
/// differ is the rule that tells them apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Prefix(u8);

impl Prefix {
    const FOR_EVERYBODY: u8 = 0b1000;
    const NOT_DEFAULT: u8 = 0b100;
    const PRERELEASE: u8 = 0b10;
    const FAR: u8 = 0b1;

    /// As far as the order does not depend on the caller.
    pub(crate) fn without_zone(layer: &Layer, instance: InstanceId) -> Self {
        let bits = layer.instance_flags.at(instance);
        let mut prefix = 0;
        if layer.instance_scope(instance) == Scope::Global {
            prefix |= Self::FOR_EVERYBODY;
        }
        if bits & flags::DEFAULT == 0 {
            prefix |= Self::NOT_DEFAULT;
        }
        if bits & flags::PRERELEASE != 0 {
            prefix |= Self::PRERELEASE;
        }
        Self(prefix)
    }

    /// With the caller's zone.
    pub(crate) fn new(layer: &Layer, instance: InstanceId, zone: Option<Symbol>) -> Self {
        let near = zone == Some(layer.instance_location.at(instance));
        Self(Self::without_zone(layer, instance).0 | if near { 0 } else { Self::FAR })
    }

    pub(crate) fn bits(self) -> u32 {
        self.0.into()
    }

    pub(crate) fn from_bits(bits: u32) -> Self {
        Self(u8::try_from(bits).unwrap_or_default())
    }

    pub(crate) const fn as_near(self) -> Self {
        Self(self.0 & !Self::FAR)
    }

    /// The first rule that tells two prefixes apart.
    const fn rule(self, other: Self) -> Option<RankRule> {
        match self.0 ^ other.0 {
            0 => None,
            Self::FAR => Some(RankRule::NearerZone),
            differ if differ < Self::NOT_DEFAULT => Some(RankRule::Release),
            differ if differ < Self::FOR_EVERYBODY => Some(RankRule::Default),
            _ => Some(RankRule::CallerSpecific),
        }
    }
}

/// What makes a group of instances: the prefix without the zone, product, and scheme of the
/// version, within which versions compare.
pub(crate) fn group_key(layer: &Layer, instance: InstanceId) -> (Prefix, Symbol, Option<Scheme>) {
    let product = layer
        .extension_product
        .at(layer.instance_extension.at(instance));
    (
        Prefix::without_zone(layer, instance),
        product,
        layer.version(instance).map(Version::scheme),
    )
}

/// Which of two candidates is better.
///
/// Versions compare only within one product, and only where both are known and of one scheme.
pub(crate) fn compare(a: &Eligible<'_>, b: &Eligible<'_>) -> Comparison {
    if let Some(rule) = a.prefix.rule(b.prefix) {
        return if a.prefix < b.prefix {
            Comparison::Better(rule)
        } else {
            Comparison::Worse(rule)
        };
    }
    match version_order(a, b) {
        Some(Ordering::Greater) => Comparison::Better(RankRule::HigherVersion),
        Some(Ordering::Less) => Comparison::Worse(RankRule::HigherVersion),
        Some(Ordering::Equal) | None => Comparison::Tied,
    }
}

fn version_order(a: &Eligible<'_>, b: &Eligible<'_>) -> Option<Ordering> {
    if std::ptr::eq(a.layer, b.layer) {
        let layer = a.layer;
        let level = |one: &Eligible<'_>| {
            layer
                .version_level
                .at(layer.instance_version.at(one.instance()))
        };
        return same_class(a, b).then(|| level(a).cmp(&level(b)));
    }
    if !same_product(a, b) {
        return None;
    }
    let (left, right) = (
        a.layer.version(a.instance())?,
        b.layer.version(b.instance())?,
    );
    left.compare(right)
}

/// Whether two candidates of one prefix are of one product, and their versions of one scheme.
pub(crate) fn same_class(a: &Eligible<'_>, b: &Eligible<'_>) -> bool {
    let (left, right) = (a.instance(), b.instance());
    if std::ptr::eq(a.layer, b.layer) {
        return a.layer.instance_group.at(left) == a.layer.instance_group.at(right);
    }
    let scheme = |one: &Eligible<'_>| one.layer.version(one.instance()).map(Version::scheme);
    same_product(a, b) && scheme(a) == scheme(b)
}

/// Whether two candidates of different layers are of one product.
fn same_product(a: &Eligible<'_>, b: &Eligible<'_>) -> bool {
    let product = |one: &Eligible<'_>| {
        let extension = one.layer.instance_extension.at(one.instance());
        one.layer.extension_product.at(extension)
    };
    a.layer.text(product(a)) == b.layer.text(product(b))
}
