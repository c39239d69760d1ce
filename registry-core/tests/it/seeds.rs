//! The seeds of the fuzz targets, replayed.
