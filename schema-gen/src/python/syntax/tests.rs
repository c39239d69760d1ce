use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::StmtKind;
use super::outline::outline;
use super::parse::{parse, parse_whole};

/// The outline of a text, and that its tree is the same as if all of it were read at once.
#[track_caller]
fn check(source: &str) -> Option<String> {
    let text = Arc::from(source);
    assert_eq!(
        format!("{:?}", parse(&text)),
        format!("{:?}", parse_whole(&text))
    );
    outline(source).map(|outline| {
        assert_eq!(outline.text.len(), source.len());
        outline.text
    })
}

#[test]
fn bodies_are_hidden_and_docstrings_are_not() {
    let source = r#"
class A:
    x = 1

    def first(self, a: dict[str, int] = {"a": 1}) -> "B":  # :
        """What it does.

        Not code: def f():
        """
        if a:
            # deeper
            return """
text at the margin
"""
        return [
    1,
    2,
        ]  # done

    # not in it

    async def second(self):
        for x in range(10): yield {x: "def g():", f"{x!r:{"}"}}": '}'}

    y = 2

def one_line(): return "is left as it is, however long the line may be, since it is one"
"#;
    insta::assert_snapshot!(check(source).unwrap());
}

#[test]
fn what_is_not_plain_is_left_to_the_parser() {
    let long = "x = 'what makes the body long enough to be worth hiding'";
    for source in [
        format!("def f():\n\t{long}\n"),
        format!("def f():\n    'a' 'b'\n    {long}\n"),
        format!("def f():\n    'a'; {long}\n    {long}\n"),
        format!("def f():\n    {long}\r    {long}\n"),
        format!("def f() -> lambda: 1:\n    {long}\n"),
        format!("def f(\n    {long}\n"),
        format!("def f():\n{long}\n"),
        format!("def f():\n    {long}\n    '\n"),
    ] {
        check(&source);
    }
}

#[test]
fn what_is_wrong_in_a_body_is_said_when_it_is_read() {
    let source = Arc::from(
        "def f():\n    pass\n\ndef g():\n    1 +\n    2  # said in so many words that\n    return 'it is long enough to be hidden'\n",
    );
    let parsed = parse(&source).expect("the outline is right");
    let StmtKind::Function(def) = &parsed.body[1].kind else {
        panic!("{parsed:?}");
    };
    let failure = def.body.statements().err().expect("nothing after `+`");
    assert_eq!(failure, parse_whole(&source).expect_err("the same at once"));
}

#[test]
fn a_function_in_a_function_ends_where_that_ends() {
    let long = "x = 'what makes the body long enough to be worth hiding'";
    for source in [
        format!("def f():\n    def g():\n        {long}\n        return x\n"),
        format!("def f():\n    'a' 'b'\n    def g():\n        {long}\n        yield x\n"),
        format!("def f():\n    'a'\n    {long}\n    if x:\n        def g(): {long}; yield\n"),
        format!("async def f(a=\\\n  1):\\\n  \n    {long};\n    {long} ; \n\n    # end\n"),
        format!("def f():\n    rf'\\{{x}}' f\"{{x:{{'}}'}}\\\"}}\"\n    {long}\n    {long}"),
    ] {
        check(&source);
    }
}

/// Of the standard library of the Python at hand, and of the folder that the variable
/// `HITCHPOST_TEST_SITE_PACKAGES` names.
#[test]
fn every_file_reads_the_same_with_its_outline() {
    let library = std::process::Command::new("python3")
        .args(["-c", "import os; print(os.path.dirname(os.__file__))"])
        .output()
        .expect("python3 runs");
    let library = String::from_utf8(library.stdout).expect("a path");
    let mut files: Vec<PathBuf> = std::fs::read_dir(library.trim())
        .expect("the standard library")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|it| it == "py"));
    let outlined = outlined(&files);
    assert!(outlined > files.len() / 2, "{outlined} of {}", files.len());
    if let Some(folder) = std::env::var_os("HITCHPOST_TEST_SITE_PACKAGES") {
        let mut files = Vec::new();
        gather(Path::new(&folder), &mut files);
        assert!(self::outlined(&files) > 0, "of {}", files.len());
    }
}

/// How many files have an outline. Each must read the same with it.
fn outlined(files: &[PathBuf]) -> usize {
    files
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .filter(|source| check(source).is_some())
        .count()
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            gather(&path, files);
        } else {
            files.push(path);
        }
    }
}
