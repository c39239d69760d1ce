use super::run;
use crate::analysis::on_large_stack;

/// Runs to its end, within the bounds.
#[track_caller]
fn survives(source: &str, names: &str) -> Vec<String> {
    run(&[("app/main.py", source)], false, names).0
}

#[test]
fn recursion_ends() {
    let shown = survives("def f(n): return f(n + 1)\nx = f(0)\ny = 1\n", "x y");
    assert!(
        shown.iter().any(|shown| shown.starts_with("? ")),
        "{shown:?}"
    );
    assert_eq!(shown.last().map(String::as_str), Some("1"));
}

#[test]
fn recursion_under_unknown_conditions_ends() {
    let shown = survives(
        "import elsewhere\ndef f(n):\n    if elsewhere.a(): return f(n) + f(n)\n    if elsewhere.b(): return f(n) + f(n)\n    return 1\nx = f(0)\ny = 1\n",
        "y",
    );
    assert_eq!(shown, ["1"]);
}

#[test]
fn loops_end() {
    let shown = survives("n = 0\nwhile True:\n    n += 1\ny = 1\n", "n y");
    assert!(
        shown.first().is_some_and(|shown| shown.starts_with("? ")),
        "{shown:?}"
    );
    assert_eq!(shown.last().map(String::as_str), Some("1"));
}

#[test]
fn large_things_are_not_made() {
    let shown = survives(
        "a = 'x' * 10**9\nb = [0] * 10**9\nc = 10**10**10\nd = 1 << 10**6\ne = 'a'\nfor _ in [1] * 60:\n    e = e + e\n",
        "a b c d e",
    );
    assert!(
        shown.iter().all(|shown| shown.starts_with("? ")),
        "{shown:?}"
    );
}

#[test]
fn deep_nesting_is_read_or_refused() {
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("-", ""),
        ("not ", ""),
        ("lambda: ", ""),
    ] {
        for depth in [50, 150, 900, 5_000] {
            let source = format!(
                "x = {}1{}\ny = 1\n",
                open.repeat(depth),
                close.repeat(depth)
            );
            let tree: crate::MemoryTree = [("app/main.py", source.as_str())].into_iter().collect();
            let options = crate::Options {
                roots: vec!["app".to_owned()],
                ..Default::default()
            };
            let ended = on_large_stack(|| {
                let mut interp = super::Interp::new(&tree, &options);
                let _ = interp.run_file("app/main.py", "main");
            });
            assert!(ended.is_ok(), "{open} {depth}");
        }
    }
    let sum = format!("x = {}\n", vec!["1"; 20_000].join(" + "));
    let tree: crate::MemoryTree = [("app/main.py", sum.as_str())].into_iter().collect();
    let options = crate::Options::default();
    assert!(
        on_large_stack(|| {
            let mut interp = super::Interp::new(&tree, &options);
            let _ = interp.run_file("app/main.py", "main");
        })
        .is_ok()
    );
}
