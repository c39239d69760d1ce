//! Rules of evaluation, each proved by a few lines of Python.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::rc::Rc;

use super::Interp;
use crate::analysis::on_large_stack;
use crate::python::value::{Module, Value};
use crate::tree::MemoryTree;
use crate::{Diagnostic, Options};

mod branches;
mod classes;
mod functions;
mod hostile;
mod imports;
mod release;
mod statements;
mod types;

/// What a name of a module comes to: its `repr`, or `?` and the reason where it is not known.
fn shown(interp: &mut Interp<'_>, module: &Rc<Module>, name: &str) -> String {
    let value = module.scope.names.borrow().get(name).cloned();
    match value {
        None => "unbound".to_owned(),
        Some(Value::Unknown(why)) => format!("? {}", why.why),
        Some(value) => interp
            .text(&value, true)
            .unwrap_or_else(|| format!("{value:?}")),
    }
}

/// Runs files (`main.py` among them) and gives what each name in `names` (apart by spaces) comes to
/// in `main`, and the diagnostics.
fn run(files: &[(&str, &str)], site_packages: bool, names: &str) -> (Vec<String>, Vec<Diagnostic>) {
    let tree: MemoryTree = files.iter().copied().collect();
    let options = Options {
        roots: vec!["app".to_owned()],
        site_packages: if site_packages {
            vec!["site".to_owned()]
        } else {
            Vec::new()
        },
        ..Options::default()
    };
    on_large_stack(|| {
        let mut interp = Interp::new(&tree, &options);
        let module = interp.run_file("app/main.py", "main").expect("it runs");
        let shown = names
            .split_whitespace()
            .map(|name| shown(&mut interp, &module, name))
            .collect();
        (shown, std::mem::take(&mut interp.diagnostics))
    })
    .expect("it does not panic")
}

/// The values of names after a module ran.
#[track_caller]
fn check(source: &str, expected: &[(&str, &str)]) {
    let names: Vec<&str> = expected.iter().map(|(name, _)| *name).collect();
    let (shown, diagnostics) = run(&[("app/main.py", source)], false, &names.join(" "));
    let shown: Vec<(&str, &str)> = names
        .into_iter()
        .zip(shown.iter().map(String::as_str))
        .collect();
    assert_eq!(shown, expected, "{diagnostics:#?}");
}
