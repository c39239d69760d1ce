//! Sources that were made to hurt: each ends soon, none panics, and what was not followed is told with
//! its place while the rest of the service is still read.

use std::time::{Duration, Instant};

use hitchpost_schema_gen::openapi::v30::openapi_v30;

use super::{Analysis, MAIN, marked, operations, read};

const BEFORE: &str = "\
from fastapi import APIRouter, Depends, FastAPI
from pydantic import BaseModel
app = FastAPI()
@app.get('/before')
def before(): ...
";
const AFTER: &str = "
@app.get('/after')
def after(): ...
";

/// In a build without optimisation, on a machine that has other things to do.
const SOON: Duration = Duration::from_secs(120);

#[track_caller]
fn ends(name: &str, files: &[(&str, &str)]) -> Analysis {
    let start = Instant::now();
    let analysis = read(files);
    let took = start.elapsed();
    eprintln!("{name}: {took:?} {:?}", analysis.diagnostics);
    assert!(took < SOON, "{name} took {took:?}");
    assert!(
        analysis
            .diagnostics
            .iter()
            .all(|found| found.code != "internal"),
        "{name}: {:?}",
        analysis.diagnostics
    );
    if let Some(document) = &analysis.document {
        openapi_v30(document).unwrap();
    }
    analysis
}

/// Why the analysis did not say where it gave up and go on. It says so in a diagnostic of this code
/// or in the reason of an unknown; a line that is marked must be named.
fn untold(name: &str, code: &str, hostile: &str) -> Option<String> {
    let source = format!("{BEFORE}{hostile}{AFTER}");
    let analysis = ends(name, &[(MAIN, &source)]);
    let found = operations(&analysis);
    if !["GET /before", "GET /after"]
        .iter()
        .all(|one| found.iter().any(|found| found == one))
    {
        return Some(format!(
            "{name}: only {found:?}: {:?}",
            analysis.diagnostics
        ));
    }
    let line = marked(&source);
    let is_told = analysis.diagnostics.iter().any(|told| {
        told.code == code
            && told.file.as_deref() == Some(MAIN)
            && (line.is_none() || told.line == line)
    });
    // An unknown names the place of what it makes unknown.
    let place = format!("({MAIN}:");
    let is_unknown = analysis
        .contract
        .unknowns
        .iter()
        .any(|unknown| unknown.why.contains(&place))
        || analysis
            .diagnostics
            .iter()
            .any(|told| told.code == "unknown-schema" && told.line == line);
    (!is_told && !is_unknown).then(|| {
        format!(
            "{name}: no `{code}` at line {line:?}: {:?} {:?}",
            analysis.diagnostics, analysis.contract.unknowns
        )
    })
}

#[track_caller]
fn all_told<'a>(cases: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>) {
    let untold: Vec<String> = cases
        .into_iter()
        .filter_map(|(name, code, hostile)| untold(name, code, hostile))
        .collect();
    assert!(untold.is_empty(), "{}", untold.join("\n"));
}

/// Both other operations are found, and there is nothing to tell.
#[track_caller]
fn fine(name: &str, harmless: &str) {
    let source = format!("{BEFORE}{harmless}{AFTER}");
    let analysis = ends(name, &[(MAIN, &source)]);
    let found = operations(&analysis);
    assert!(
        ["GET /before", "GET /after"]
            .iter()
            .all(|one| found.iter().any(|found| found == one)),
        "{name}: {found:?}"
    );
    assert_eq!(analysis.diagnostics, [], "{name}");
}

#[test]
fn computations_without_an_end() {
    let cases = [
        ("a loop", "limit-rounds", "while True: # HERE\n    pass\n"),
        (
            "a long range",
            "unknown-loop",
            "for i in range(10 ** 9): # HERE\n    app.get(f'/{i}')(before)\n",
        ),
        (
            "an iterator",
            "unknown-loop",
            "class Ever:\n    def __iter__(self): return self\n    def __next__(self): return 1\nfor i in Ever(): # HERE\n    app.get(f'/{i}')(before)\n",
        ),
        (
            "a generator",
            "limit-rounds",
            "def ever():\n    while True: # HERE\n        yield 1\nx = list(ever())\n",
        ),
        (
            "recursion",
            "limit-depth",
            "def f(n): return f(n + 1)\nf(0)\n",
        ),
        (
            "recursion in pairs",
            "limit-depth",
            "def f(n): return g(n)\ndef g(n): return f(n)\nf(0)\n",
        ),
        (
            "recursion of a lambda",
            "limit-depth",
            "f = lambda n: f(n)\nf(0)\n",
        ),
        (
            "a comprehension",
            "limit-size",
            "x = [a for a in range(10 ** 5) for b in range(10 ** 5)]\n",
        ),
        (
            "a decorator",
            "limit-depth",
            "def decorate(function): return decorate(decorate)(function)\n@decorate\ndef f(): ...\n",
        ),
        (
            "attributes",
            "limit-depth",
            "class Own:\n    def __getattr__(self, name): return getattr(self, name)\nOwn().anything\n",
        ),
        (
            "a property",
            "limit-depth",
            "class Own:\n    @property\n    def p(self): return self.p\nOwn().p\n",
        ),
        (
            "subclasses",
            "limit-depth",
            "class Base:\n    def __init_subclass__(cls, **kwargs):\n        class Next(Base): ...\nclass Own(Base): ...\n",
        ),
        (
            "calls of an object",
            "limit-depth",
            "class Own:\n    def __call__(self): return self()\nOwn()()\n",
        ),
        (
            "representations",
            "limit-depth",
            "class Own:\n    def __repr__(self): return f'{self!r}'\nx = str(Own())\n",
        ),
        (
            "comparisons",
            "limit-depth",
            "class Own:\n    def __eq__(self, other): return other == self\nx = Own() == Own()\n",
        ),
        (
            "truth",
            "limit-depth",
            "class Own:\n    def __bool__(self): return not self\nx = 1 if Own() else 2\n",
        ),
    ];
    all_told(cases);
}

/// The bound of all that is done ends the analysis: what was found until then could lack what follows.
#[test]
fn work_that_is_too_much_ends_the_analysis() {
    let source = format!(
        "{BEFORE}def f(n): return 0 if n == 0 else f(n - 1) + f(n - 1) # HERE\nf(40)\n{AFTER}"
    );
    let analysis = ends("a tree of calls", &[(MAIN, &source)]);
    assert!(analysis.document.is_none() && analysis.contract.operations.is_empty());
    let told = analysis.diagnostics.last().unwrap();
    assert_eq!(
        (told.code, told.file.as_deref(), told.line),
        ("stopped", Some(MAIN), marked(&source))
    );
}

#[test]
fn things_that_grow() {
    let cases = [
        ("a number", "x = 10 ** 10 ** 10 # HERE\n"),
        ("a shift", "x = 1 << 10 ** 12 # HERE\n"),
        ("a text", "x = 'x' * 10 ** 12 # HERE\n"),
        ("bytes", "x = b'x' * 10 ** 12 # HERE\n"),
        ("a list", "x = [0] * 10 ** 12 # HERE\n"),
        ("a tuple", "x = (0,) * 10 ** 12 # HERE\n"),
        ("a padded text", "x = 'x'.ljust(10 ** 12) # HERE\n"),
        ("a formatted text", "x = f'{1:>1000000000000}' # HERE\n"),
        ("an old format", "x = '%1000000000000d' % 1 # HERE\n"),
        (
            "a replaced text",
            "x = ('a' * 10 ** 6).replace('a', 'b' * 10 ** 6) # HERE\n",
        ),
        (
            "a joined text",
            "x = ('a' * 10 ** 6).join(['b'] * 10 ** 4) # HERE\n",
        ),
        ("a list of a range", "x = list(range(10 ** 12)) # HERE\n"),
        (
            "a doubled text",
            "x = 'x'\nfor _ in range(60):\n    x = x + x # HERE\n",
        ),
        (
            "a doubled text in place",
            "x = 'x'\nfor _ in range(60):\n    x += x # HERE\n",
        ),
        (
            "a doubled list",
            "x = [1]\nfor _ in range(60):\n    x = x + x # HERE\n",
        ),
        (
            "a doubled list in place",
            "x = [1]\nfor _ in range(60):\n    x += x # HERE\n",
        ),
        (
            "a list of itself",
            "x = [1]\nfor _ in range(60):\n    x.extend(x) # HERE\n",
        ),
        (
            "nested formats",
            "x = 'x'\nfor _ in range(60):\n    x = f'{x}{x}' # HERE\n",
        ),
        (
            "a squared number",
            "x = 10\nfor _ in range(60):\n    x = x * x # HERE\n",
        ),
    ];
    let probed = cases.map(|(name, hostile)| {
        (
            name,
            format!("{hostile}@app.get('/probe')\ndef probe(q=x): ...\n"),
        )
    });
    all_told(
        probed
            .iter()
            .map(|(name, hostile)| (*name, "limit-size", &**hostile)),
    );
}

#[test]
fn text_that_is_no_python() {
    let cases = [
        "x = (\n",
        "x = 'a\n",
        "x = '''a\n",
        "def f(:\n    pass\n",
        "if True:\npass\n",
        "  x = 1\n",
        "if True:\n\tx = 1\n        y = 2\n",
        "x = 1 +\n",
        "x = f'{'\n",
        "x = f'{a!z}'\n",
        "class: pass\n",
        "return return\n",
        "x = 0b2\n",
        "x = 1__0\n",
        "'\\N{no such name}'\n",
        "b'\u{e9}'\n",
        "x = $\n",
        "x = \0\n",
        "@\ndef f(): ...\n",
        "import\n",
        "from . import (a,\n",
        "lambda x=: 1\n",
        "f(**a, *b, c=1, 2)\n",
        "match x:\n    case\n",
        "1 = x\n",
        "for in x: ...\n",
        "\\",
    ];
    for case in cases {
        let source = format!("import os\n{case}");
        let analysis = ends(case, &[(MAIN, &source)]);
        let [syntax] = analysis.diagnostics.as_slice() else {
            panic!("{case}: {:?}", analysis.diagnostics)
        };
        assert_eq!(
            (syntax.code, syntax.file.as_deref()),
            ("syntax", Some(MAIN)),
            "{case}"
        );
        assert!(
            syntax.line.is_some_and(|line| (2..=4).contains(&line)),
            "{case}: {syntax:?}"
        );
        assert!(analysis.document.is_none());
        // A module that is imported ends nothing but itself.
        let importing =
            format!("{BEFORE}try:\n    import broken\nexcept SyntaxError:\n    pass\n{AFTER}");
        let analysis = ends(case, &[(MAIN, &importing), ("svc/broken.py", &source)]);
        assert_eq!(
            operations(&analysis),
            ["GET /before", "GET /after"],
            "{case}"
        );
        let told = analysis
            .diagnostics
            .iter()
            .find(|found| found.code == "syntax")
            .unwrap();
        assert_eq!(told.file.as_deref(), Some("svc/broken.py"), "{case}");
    }
}

#[test]
fn bytes_that_stand_at_odd_places() {
    for (name, source) in [
        ("a byte order mark", format!("\u{feff}{BEFORE}{AFTER}")),
        (
            "carriage returns and line feeds",
            format!("{BEFORE}{AFTER}").replace('\n', "\r\n"),
        ),
        (
            "carriage returns",
            format!("{BEFORE}{AFTER}").replace('\n', "\r"),
        ),
        ("form feeds", format!("{BEFORE}\x0c\n\x0c{AFTER}")),
        (
            "no line feed at the end",
            format!("{BEFORE}{AFTER}").trim_end().to_owned(),
        ),
        (
            "a continued line",
            format!("{BEFORE}x = 1 \\\n  + 2{AFTER}"),
        ),
    ] {
        let analysis = ends(name, &[(MAIN, &source)]);
        assert_eq!(
            operations(&analysis),
            ["GET /before", "GET /after"],
            "{name}"
        );
        assert_eq!(analysis.diagnostics, [], "{name}");
        let line = source
            .replace("\r\n", "\n")
            .replace('\r', "\n")
            .lines()
            .position(|line| line.contains("def after"))
            .unwrap()
            + 1;
        let handler = analysis.contract.operations[1].handler.as_ref().unwrap();
        assert!(
            usize::try_from(handler.line).unwrap().abs_diff(line) <= 1,
            "{name}: {handler:?} is not {line}"
        );
    }
}

/// Whatever is nested `depth` times.
fn nested(kind: &str, depth: usize) -> String {
    let n = |text: &str| text.repeat(depth);
    let indented = |head: &str| {
        let lines = (0..depth).map(|level| format!("{}{head}\n", " ".repeat(level)));
        lines
            .chain([format!("{}pass\n", " ".repeat(depth))])
            .collect::<String>()
    };
    match kind {
        "parentheses" => format!("x = {}1{}\n", n("("), n(")")),
        "lists" => format!("x = {}1{}\n", n("["), n("]")),
        "dictionaries" => format!("x = {}1{}\n", n("{1: "), n("}")),
        "calls" => format!("x = {}1{}\n", n("str("), n(")")),
        "chained calls" => format!("x = str{}\n", n("()")),
        "subscripts" => format!("x = [1]{}\n", n("[0]")),
        "attributes" => format!("x = app{}\n", n(".x")),
        "minus" => format!("x = {}1\n", n("-")),
        "not" => format!("x = {}1\n", n("not ")),
        "sums" => format!("x = 1{}\n", n(" + 1")),
        "powers" => format!("x = 1{}\n", n(" ** 1")),
        "comparisons" => format!("x = 1{}\n", n(" < 1")),
        "unions" => format!("x = int{}\n", n(" | int")),
        "conjunctions" => format!("x = 1{}\n", n(" and 1")),
        "conditions" => format!("x = {}1\n", n("1 if 1 else ")),
        "lambdas" => format!("x = {}1\n", n("lambda: ")),
        "texts beside each other" => format!("x = {}\n", n("'a' ")),
        "walruses" => format!("{}1{}\n", n("(x := "), n(")")),
        "assignments" => format!("{}1\n", n("x = ")),
        "stars" => format!("x = [{}1]\n", n("*")),
        "awaits" => format!("async def f():\n    return {}1\n", n("await ")),
        "formats" => format!("x = {}1{}\n", n("f'{"), n("}'")),
        "blocks" => indented("if 1:"),
        "classes" => indented("class A:"),
        "functions" => indented("def f():"),
        "alternatives" => format!("if 0: pass\n{}", n("elif 0: pass\n")),
        "patterns" => format!("match 1:\n    case {}1{}: pass\n", n("["), n("]")),
        "annotations" => format!(
            "from typing import List\nclass M(BaseModel):\n    f: {}int{}\n",
            n("List["),
            n("]")
        ),
        "written annotations" => format!(
            "from typing import List\nclass M(BaseModel):\n    f: '{}int{}'\n",
            n("List["),
            n("]")
        ),
        "decorators" => format!("def d(f): return f\n{}def g(): ...\n", n("@d\n")),
        "comprehensions" => format!("x = [1{}]\n", n(" for a in [1]")),
        _ => unreachable!(),
    }
}

#[test]
fn nesting_is_followed_or_refused() {
    let kinds = [
        "parentheses",
        "lists",
        "dictionaries",
        "calls",
        "chained calls",
        "subscripts",
        "attributes",
        "minus",
        "not",
        "sums",
        "powers",
        "comparisons",
        "unions",
        "conjunctions",
        "conditions",
        "lambdas",
        "texts beside each other",
        "walruses",
        "assignments",
        "stars",
        "awaits",
        "formats",
        "blocks",
        "classes",
        "functions",
        "alternatives",
        "patterns",
        "annotations",
        "written annotations",
        "decorators",
        "comprehensions",
    ];
    for kind in kinds {
        for depth in [20, 90, 400, 3_000, 100_000] {
            // Indentation grows with the square.
            if depth > 3_000 && ["blocks", "classes", "functions"].contains(&kind) {
                continue;
            }
            let source = format!("{BEFORE}{}{AFTER}", nested(kind, depth));
            let analysis = ends(&format!("{kind} {depth}"), &[(MAIN, &source)]);
            let complete = operations(&analysis) == ["GET /before", "GET /after"];
            let told = analysis
                .diagnostics
                .iter()
                .any(|found| found.file.as_deref() == Some(MAIN) && found.line.is_some());
            assert!(
                complete || told,
                "{kind} {depth}: {:?}",
                analysis.diagnostics
            );
        }
    }
}

/// What refers to itself, with the operations that must be there.
#[test]
fn circles() {
    let route = "@app.get('/x')\ndef x(q: T): ...\n";
    let cases = [
        ("a router that includes itself", "r = APIRouter()\n@r.get('/r')\ndef f(): ...\nr.include_router(r, prefix='/a')\napp.include_router(r, prefix='/b')\n".to_owned()),
        ("routers that include each other", "r = APIRouter()\ns = APIRouter()\nr.include_router(s, prefix='/a')\ns.include_router(r, prefix='/b')\n@r.get('/r')\ndef f(): ...\napp.include_router(r, prefix='/c')\n".to_owned()),
        ("an application that includes its router", "app.include_router(app.router, prefix='/a')\n".to_owned()),
        ("an application that mounts itself", "app.mount('/a', app)\n".to_owned()),
        ("a dependency on itself", "def d(x=None): ...\nd.__defaults__ = (Depends(d),)\n@app.get('/x')\ndef x(q=Depends(d)): ...\n".to_owned()),
        ("a model of itself", format!("class T(BaseModel):\n    t: 'T | None' = None\n    all: 'list[T]' = []\n{}", route.replace("(q", "(*, q").replace("get", "post"))),
        ("models of each other", format!("class A(BaseModel):\n    b: 'T'\nclass T(BaseModel):\n    a: A\n{}", route.replace("get", "post"))),
        ("an alias of itself", format!("type T = list[T]\n{route}")),
        ("an alias that is only itself", format!("type T = T\n{route}")),
        ("aliases of each other", format!("type S = T\ntype T = S\n{route}")),
        ("a written alias of itself", format!("from typing import List, Union\nT = List['T']\n{route}")),
        ("a text that names itself", format!("T = 'T'\n{route}")),
        ("a base that is the class", "class T(T): ...\n".to_owned()),
        ("a generic of itself", format!("from typing import Generic, TypeVar\nV = TypeVar('V')\nclass G(BaseModel, Generic[V]):\n    next: 'G[G[V]] | None' = None\nT = G[int]\n{}", route.replace("get", "post"))),
        ("a bound of itself", format!("from typing import TypeVar\nT = TypeVar('T', bound='T')\n{route}")),
        ("a list in itself", "t = []\nt.append(t)\n@app.get('/x', tags=t, openapi_extra={'x-t': t})\ndef x(q=t): ...\n".to_owned()),
        ("a dictionary in itself", "t = {}\nt['t'] = t\n@app.get('/x', responses={404: t}, openapi_extra=t)\ndef x(): ...\n".to_owned()),
        ("a schema in itself", "t = {}\nt['t'] = t\nclass T(BaseModel):\n    model_config = {'json_schema_extra': t}\n@app.post('/x')\ndef x(q: T): ...\n".to_owned()),
        ("a default factory of itself", "from pydantic import Field\nclass T(BaseModel):\n    t: 'T' = Field(default_factory=lambda: T())\n@app.post('/x')\ndef x(q: T = T()): ...\n".to_owned()),
        ("a function that wraps itself", "def f(): ...\nf.__wrapped__ = f\napp.get('/x')(f)\n".to_owned()),
        ("a document that asks for itself", "def own(): return app.openapi()\napp.openapi = own\n".to_owned()),
        ("a module that is itself", "import sys\nfrom svc import main\nfrom svc.main import app as other\n".to_owned()),
    ];
    let mut wrong = Vec::new();
    for (name, circle) in cases {
        let source = format!("{BEFORE}{circle}{AFTER}");
        let analysis = ends(name, &[(MAIN, &source)]);
        let found = operations(&analysis);
        let ended = analysis
            .diagnostics
            .iter()
            .any(|told| told.code == "raised" && told.line.is_some());
        if !ended
            && !["GET /before", "GET /after"]
                .iter()
                .all(|one| found.iter().any(|found| found == one))
        {
            wrong.push(format!(
                "{name}: only {found:?}: {:?}",
                analysis.diagnostics
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn modules_that_import_each_other() {
    let main = format!("{BEFORE}from svc import a\nfrom svc.b import *\n{AFTER}");
    let a = "from svc import b\nfrom svc.b import *\nfrom . import main\nX = 1\n";
    let b = "from svc.a import *\nimport svc.a, svc.main\nY = 2\n";
    let analysis = ends(
        "imports",
        &[
            (MAIN, &main),
            ("svc/__init__.py", "from .a import X\n"),
            ("svc/a.py", a),
            ("svc/b.py", b),
        ],
    );
    assert_eq!(
        operations(&analysis),
        ["GET /before", "GET /after"],
        "{:?}",
        analysis.diagnostics
    );

    // Each file is a module of its own, however long the chain.
    let chain: Vec<(String, String)> = (0..700)
        .map(|n| {
            (
                format!("svc/m{n}.py"),
                format!("from m{} import X\n", n + 1),
            )
        })
        .chain([("svc/m700.py".to_owned(), "X = '/last'\n".to_owned())])
        .collect();
    let main = format!("{BEFORE}from m0 import X\n{AFTER}");
    let mut files: Vec<(&str, &str)> = chain
        .iter()
        .map(|(path, text)| (&**path, &**text))
        .collect();
    files.push((MAIN, &main));
    let analysis = ends("a chain of imports", &files);
    assert_eq!(operations(&analysis), ["GET /before", "GET /after"]);
    assert!(
        analysis
            .diagnostics
            .iter()
            .any(|found| found.code == "limit-depth"),
        "{:?}",
        analysis.diagnostics
    );
}

#[test]
fn expressions_that_do_not_end() {
    let pattern = "(a|aa)+$";
    let source = format!(
        "{BEFORE}import re\nx = re.sub(r'{pattern}', '', 'a' * 5000 + 'b')\ny = re.match(r'(a*)*\\1b', 'a' * 5000)\n{AFTER}"
    );
    assert_eq!(
        operations(&ends("backtracking", &[(MAIN, &source)])),
        ["GET /before", "GET /after"]
    );
    let source = format!("{BEFORE}import re\nx = re.compile('(' * 5000)\n{AFTER}");
    ends("an expression that is none", &[(MAIN, &source)]);
    let source = format!(
        "{BEFORE}import re\nx = re.match('(((a{{1000}}){{1000}}){{1000}}){{1000}}', 'a')\n{AFTER}"
    );
    assert_eq!(
        operations(&ends("repetitions", &[(MAIN, &source)])),
        ["GET /before", "GET /after"]
    );
}

#[test]
fn large_services_are_read_to_the_end() {
    use std::fmt::Write;
    let mut source = BEFORE.to_owned();
    for n in 0..1_000 {
        writeln!(
            source,
            "class M{n}(BaseModel):\n    a: int\n    b: 'M{} | None' = None",
            (n + 1) % 1_000
        )
        .unwrap();
        writeln!(source, "@app.post('/m{n}')\ndef m{n}(m: M{n}) -> M{n}: ...").unwrap();
    }
    fine(
        "a thousand models and operations",
        source.strip_prefix(BEFORE).unwrap(),
    );
    fine("a long text", &format!("x = '{}'\n", "x".repeat(4 << 20)));
    fine("a long comment", &format!("# {}\n", "x".repeat(4 << 20)));
    fine(
        "a long list",
        &format!("x = [{}]\n", "'x', ".repeat(100_000)),
    );
    fine(
        "a long dictionary",
        &format!(
            "x = {{{}}}\n",
            (0..50_000).map(|n| format!("{n}: 1, ")).collect::<String>()
        ),
    );
    fine(
        "many names",
        &(0..50_000)
            .map(|n| format!("x{n} = 1\n"))
            .collect::<String>(),
    );
    fine(
        "many functions",
        &(0..20_000)
            .map(|n| format!("def f{n}(): return {n}\n"))
            .collect::<String>(),
    );
}
