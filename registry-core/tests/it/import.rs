//! Records from the formats of others.
