//! Every rule of the resolver, stage by stage.

mod binding;
mod endpoint;
mod environment;
mod failure;
mod identity;
mod joint;
mod profile;
mod rank;
mod version;
mod visibility;
