use super::{check, run};

/// Something that nobody knows.
const UNKNOWN: &str = "import elsewhere\nflag = elsewhere.flag()\n";

#[track_caller]
fn check_unknown(source: &str, expected: &[(&str, &str)]) {
    check(&format!("{UNKNOWN}{source}"), expected);
}

#[test]
fn names_that_differ_become_unknown() {
    check_unknown(
        "a = 1\nc = 5\nif flag:\n    a = 2\n    b = 1\n    c = 5\nelse:\n    d = [1]\n",
        &[
            ("a", "? depends on `flag`"),
            ("b", "1"),
            ("c", "5"),
            ("d", "[1]"),
        ],
    );
}

#[test]
fn what_branches_do_to_objects_is_joined() {
    check_unknown(
        "class O: pass\no = O()\no.x = 1\no.y = 1\nd = {'k': 1}\nif flag:\n    o.x = 2\n    o.y = 1\n    d['k'] = 2\n    d['l'] = 3\nx = o.x\ny = o.y\nk = d['k']\nn = [*d]\n",
        &[
            ("x", "? depends on `flag`"),
            ("y", "1"),
            ("k", "? depends on `flag`"),
            ("n", "['k', 'l']"),
        ],
    );
}

#[test]
fn a_return_under_a_condition_is_joined_with_the_later_one() {
    check_unknown(
        "def f():\n    if flag:\n        return 1\n    return 2\ndef g():\n    if flag:\n        return 1\n    return 1\ndef h():\n    if flag:\n        return [1]\n    else:\n        return [1]\na = f()\nb = g()\nc = h()\n",
        &[("a", "? depends on `flag`"), ("b", "1"), ("c", "[1]")],
    );
}

#[test]
fn a_raise_under_a_condition_is_taken_not_to_happen() {
    check_unknown(
        "def f():\n    x = 1\n    if flag:\n        x = 2\n        raise ValueError('no')\n    return x\na = f()\n",
        &[("a", "1")],
    );
}

#[test]
fn conditions_are_decided_where_they_can_be() {
    check_unknown(
        "a = 1 if flag and False else 2\nb = 1 if flag or True else 2\nc = 3 if flag else 3\nd = 1 if not (flag or True) else 2\n",
        &[("a", "2"), ("b", "1"), ("c", "3"), ("d", "2")],
    );
}

#[test]
fn a_loop_over_something_unknown_is_not_run() {
    let source = format!(
        "{UNKNOWN}items = []\nn = 0\nfor x in flag:\n    n += 1\n    items.append(x)\n    register(x)\nlast = items[-1:]\n"
    );
    let (shown, diagnostics) = run(&[("app/main.py", &source)], false, "n x");
    assert!(
        shown.iter().all(|shown| shown.starts_with("? ")),
        "{shown:?}"
    );
    assert!(
        diagnostics
            .iter()
            .any(|diagnostic| diagnostic.code == "unknown-loop" && diagnostic.line == Some(5))
    );
}

#[test]
fn what_raises_uncaught_leaves_the_rest_to_run() {
    let source = "x = {}['k']\ny = 2\ndef f():\n    raise RuntimeError('no key')\nz = f()\nw = 3\n";
    let (shown, diagnostics) = run(&[("app/main.py", source)], false, "x y z w");
    assert_eq!(
        shown,
        [
            "? raises KeyError('k')",
            "2",
            "? raises RuntimeError('no key')",
            "3"
        ]
    );
    assert_eq!(
        diagnostics.iter().map(|it| it.line).collect::<Vec<_>>(),
        [Some(1), Some(4)]
    );
}

#[test]
fn an_import_that_may_fail_is_a_condition() {
    let source = "try:\n    import fast\n    HAS = True\nexcept ImportError:\n    HAS = False\n";
    let (shown, _) = run(&[("app/main.py", source)], false, "HAS");
    assert_eq!(shown, ["? depends on whether `fast` is installed"]);
    let (shown, _) = run(
        &[("app/main.py", source), ("site/other.py", "")],
        true,
        "HAS",
    );
    assert_eq!(shown, ["False"]);
    let (shown, _) = run(
        &[("app/main.py", source), ("site/fast.py", "")],
        true,
        "HAS",
    );
    assert_eq!(shown, ["True"]);
}
