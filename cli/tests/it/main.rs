//! The real program, in a home folder of its own.

mod changing;
mod choosing;
mod handing_over;
mod hostile;
mod support;
mod telling;
