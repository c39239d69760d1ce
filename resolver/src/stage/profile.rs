//! Stage 5: an account that admits the caller.

use hitchpost_registry_core::{Auth, Scope};

use super::{Query, visibility::is_admitted};
use crate::snapshot::layer::{EndpointId, Layer, Principal, ProfileId, ServiceId, flags};

/// The account of an eligible candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// None is needed.
    Nothing,
    /// This one.
    One(ProfileId),
    /// Several are equally specific; this is the first of them by name.
    Ambiguous(ProfileId),
}

impl Chosen {
    pub(crate) const fn profile(self) -> Option<ProfileId> {
        match self {
            Self::Nothing => None,
            Self::One(profile) | Self::Ambiguous(profile) => Some(profile),
        }
    }
}

/// No account admits the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoProfile;

/// The most specific profile that applies and admits the caller.
///
/// Where an account is required, or the requirement names one, and none is eligible, the
/// candidate is rejected: credentials that exist but are out of scope never turn into anonymous
/// access.
pub(crate) fn choose(
    query: &Query<'_, '_>,
    service: ServiceId,
    endpoint: Option<EndpointId>,
) -> Result<Chosen, NoProfile> {
    let named = query.names.profile.is_some();
    let auth = query.layer().auth(service);
    if auth == Auth::None && !named {
        return Ok(Chosen::Nothing);
    }
    let mut best: Option<((u8, bool), ProfileId)> = None;
    let mut ambiguous = false;
    for profile in query
        .layer()
        .applicable_profiles(service, endpoint)
        .filter(|one| is_eligible(query, *one))
    {
        let key = (
            specificity(query.layer(), profile),
            query.layer().profile_flags.at(profile) & flags::DEFAULT != 0,
        );
        match best {
            Some((found, _)) if found > key => {}
            Some((found, _)) if found == key => ambiguous = true,
            _ => {
                best = Some((key, profile));
                ambiguous = false;
            }
        }
    }
    match best {
        Some((_, profile)) if ambiguous => Ok(Chosen::Ambiguous(profile)),
        Some((_, profile)) => Ok(Chosen::One(profile)),
        None if auth == Auth::Required || named => Err(NoProfile),
        None => Ok(Chosen::Nothing),
    }
}

/// Whether a profile has the name that is asked for, admits the caller and has not expired.
pub(crate) fn is_eligible(query: &Query<'_, '_>, profile: ProfileId) -> bool {
    is_named(query, profile) && admits(query, profile) && !has_expired(query, profile)
}

pub(crate) fn is_named(query: &Query<'_, '_>, profile: ProfileId) -> bool {
    query
        .names
        .profile
        .is_none_or(|wanted| wanted == Some(query.layer().profile_name.at(profile)))
}

pub(crate) fn admits(query: &Query<'_, '_>, profile: ProfileId) -> bool {
    let layer = query.layer();
    let listed = layer
        .profile_principal
        .slice(layer.profile_admitted.range(profile));
    is_admitted(query.caller, layer.profile_scope(profile), listed)
}

/// A profile that expires has done so, too, when the moment of the resolution is not known.
pub(crate) fn has_expired(query: &Query<'_, '_>, profile: ProfileId) -> bool {
    let expires = query.layer().profile_expires.at(profile);
    expires != i64::MAX
        && query
            .caller
            .now()
            .is_none_or(|now| now.as_microsecond() >= expires)
}

/// Workflow, user in project, user, group, project, global: higher is more specific.
pub(crate) fn specificity(layer: &Layer, profile: ProfileId) -> u8 {
    match layer.profile_scope(profile) {
        Scope::Workflow => 5,
        Scope::User => {
            let listed = layer
                .profile_principal
                .slice(layer.profile_admitted.range(profile));
            let in_project = listed
                .iter()
                .any(|number| Principal(*number).scope() == Scope::Project);
            if in_project { 4 } else { 3 }
        }
        Scope::Group => 2,
        Scope::Project => 1,
        Scope::Global => 0,
    }
}
