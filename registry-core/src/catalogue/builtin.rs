/// Every file of the crate's `catalogue/` folder.
pub(super) const FILES: &[(&str, &str)] = &[];
