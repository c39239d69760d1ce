use super::super::Interp;
use crate::Options;
use crate::analysis::on_large_stack;
use crate::python::value::Value;
use crate::tree::MemoryTree;

/// The signature of `main.f`, written as `name: annotation = default`.
fn signature(files: &[(&str, &str)], of: &str) -> String {
    let tree: MemoryTree = files.iter().copied().collect();
    let options = Options {
        roots: vec!["app".to_owned()],
        ..Options::default()
    };
    on_large_stack(|| {
        let mut interp = Interp::new(&tree, &options);
        let module = interp.run_file("app/main.py", "main").expect("it runs");
        let callable = module
            .scope
            .names
            .borrow()
            .get(of)
            .cloned()
            .expect("it is there");
        let signature = interp.signature(&callable).expect("it is known");
        let mut parts = Vec::new();
        for parameter in signature.parameters {
            let mut part = parameter.name.to_string();
            if let Some(annotation) = &parameter.annotation {
                part.push_str(&format!(": {annotation:?}"));
            }
            if let Some(default) = &parameter.default {
                part.push_str(&format!(" = {default:?}"));
            }
            parts.push(part);
        }
        format!(
            "({}) -> {:?}",
            parts.join(", "),
            signature.returns.unwrap_or(Value::None)
        )
    })
    .expect("it does not panic")
}

#[test]
fn annotations_are_of_the_time_they_stand() {
    let source = "class A: pass\nclass B: pass\nT = A\ndef f(x: T, y: 'Later', z: 'T | None' = None) -> 'B': ...\nT = B\nclass Later: pass\n";
    assert_eq!(
        signature(&[("app/main.py", source)], "f"),
        "(x: class main.A, y: class main.Later, z: Union[class main.B, None] = None) -> class main.B"
    );
}

#[test]
fn a_loops_variable_is_what_it_was() {
    let source = "class A: pass\nclass B: pass\nfs = []\ndef make(m):\n    def f(x: m): ...\n    return f\nfor m in [A, B]:\n    fs += [make(m)]\nf = fs[0]\n";
    assert_eq!(
        signature(&[("app/main.py", source)], "f"),
        "(x: class main.A) -> None"
    );
}

#[test]
fn postponed_annotations_see_what_type_checkers_see() {
    let files = [
        (
            "app/main.py",
            "from __future__ import annotations\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from models import Item\n    import models as m\nTYPE_CHECKING = False\ndef f(a: Item, b: m.Item, c: list[Local]): ...\nclass Local: pass\n",
        ),
        ("app/models.py", "class Item: pass\n"),
    ];
    let source = signature(&files, "f");
    assert!(
        source.starts_with("(a: class models.Item, b: class models.Item"),
        "{source}"
    );
}

#[test]
fn methods_and_classes_have_signatures_without_their_receiver() {
    let source = "class C:\n    def __init__(self, a, *, b=1): ...\n    def m(self, x): ...\nf = C().m if False else C\n";
    assert_eq!(
        signature(&[("app/main.py", source)], "f"),
        "(a, b = 1) -> None"
    );
}

#[test]
fn what_is_wrapped_is_seen_through() {
    let source = "def deco(g):\n    def inner(*args, **kwargs): return g(*args, **kwargs)\n    inner.__wrapped__ = g\n    return inner\n@deco\ndef f(x, y=2): ...\n";
    assert_eq!(
        signature(&[("app/main.py", source)], "f"),
        "(x, y = 2) -> None"
    );
}

#[test]
fn a_decorator_that_is_not_read_keeps_the_function_in_sight() {
    let source = "from elsewhere import limit\n@limit('5/minute')\ndef f(x, y=2): ...\n";
    assert_eq!(
        signature(&[("app/main.py", source)], "f"),
        "(x, y = 2) -> None"
    );
}

#[test]
fn docstrings_are_cleaned_as_inspect_does() {
    use crate::python::library::clean_docstring;
    assert_eq!(
        clean_docstring("\n    One.\n\n      Two.\n    "),
        "One.\n\n  Two."
    );
    assert_eq!(clean_docstring("  One.\n\tTwo."), "One.\nTwo.");
    assert_eq!(clean_docstring("x\n   \n  y\n"), "x\n \ny");
}
