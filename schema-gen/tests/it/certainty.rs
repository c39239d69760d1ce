//! What is not known is said where it would stand, with its reason and its place; what is known beside
//! it stays certain, and every fact names its line.

use hitchpost_schema_gen::{Certainty, Source};

use super::{MAIN, marked, operations, read};

const HEAD: &str = "\
import unread
from fastapi import APIRouter, Depends, FastAPI, Query
from pydantic import BaseModel
app = FastAPI()
@app.get('/known', tags=['known'])
def known(q: int = 1): ...
";

/// The reasons of all unknowns of the contract and of its document.
fn reasons(analysis: &hitchpost_schema_gen::Analysis) -> Vec<String> {
    let contract = &analysis.contract;
    let mut all: Vec<String> = contract
        .unknowns
        .iter()
        .chain(&contract.missing)
        .map(|one| one.why.clone())
        .collect();
    all.extend(
        contract
            .operations
            .iter()
            .filter_map(|operation| match &operation.certainty {
                Certainty::Certain => None,
                Certainty::Uncertain(why) | Certainty::Unknown(why) => Some(why.clone()),
                _ => None,
            }),
    );
    let mut values: Vec<&serde_json::Value> = analysis.document.iter().collect();
    while let Some(value) = values.pop() {
        match value {
            serde_json::Value::Array(items) => values.extend(items),
            serde_json::Value::Object(members) => {
                all.extend(members.get("x-hitchpost-unknown").map(ToString::to_string));
                values.extend(members.values());
            }
            _ => {}
        }
    }
    all
}

#[test]
fn what_is_not_known_is_told_with_its_place() {
    let cases = [
        (
            "a condition",
            "if unread.flag: # HERE\n    @app.get('/x')\n    def x(): ...\n",
        ),
        (
            "one of two paths",
            "if unread.flag: # HERE\n    P = '/a'\nelse:\n    P = '/b'\n@app.get(P)\ndef x(): ...\n",
        ),
        ("a path", "@app.get(unread.path)\ndef x(): ...\n"),
        (
            "a prefix",
            "r = APIRouter()\n@r.get('/x')\ndef x(): ...\napp.include_router(r, prefix=unread.prefix) # HERE\n",
        ),
        ("a router", "app.include_router(unread.router) # HERE\n"),
        ("tags", "@app.get('/x', tags=[unread.tag])\ndef x(): ...\n"),
        (
            "a status",
            "@app.get('/x', status_code=unread.status) # HERE\ndef x(): ...\n",
        ),
        (
            "a response",
            "@app.get('/x', response_model=unread.Model)\ndef x(): ...\n",
        ),
        (
            "an annotation",
            "@app.get('/x')\ndef x(q: unread.Model): ... # HERE\n",
        ),
        ("a result", "@app.get('/x')\ndef x() -> unread.Model: ...\n"),
        (
            "a field",
            "class M(BaseModel):\n    f: unread.Type\n@app.post('/x')\ndef x(m: M): ...\n",
        ),
        (
            "a default",
            "D = unread.default()\n@app.get('/x')\ndef x(q: int = D): ...\n",
        ),
        (
            "a limit",
            "@app.get('/x')\ndef x(q: int = Query(1, le=unread.limit)): ...\n",
        ),
        (
            "a field's default",
            "class M(BaseModel): # HERE\n    f: object = unread.make()\n@app.post('/x')\ndef x(m: M): ...\n",
        ),
        (
            "a base",
            "class M(unread.Base):\n    f: int\n@app.post('/x')\ndef x(m: M): ... # HERE\n",
        ),
        (
            "a dependency",
            "@app.get('/x')\ndef x(q=Depends(unread.dependency)): ... # HERE\n",
        ),
        (
            "a loop",
            "for n in unread.names: # HERE\n    app.get(f'/{n}')(known)\n",
        ),
        (
            "an early end",
            "def make():\n    if unread.flag: # HERE\n        return\n    app.get('/x')(known)\nmake()\n",
        ),
    ];
    let mut wrong = Vec::new();
    for (name, source) in cases {
        let source = format!("{HEAD}{source}");
        let analysis = read(&[(MAIN, &source)]);
        let line = marked(&source);
        let place = format!("{MAIN}:{}", line.unwrap_or_default());
        let is_told = if marked(&source).is_some() {
            analysis
                .diagnostics
                .iter()
                .any(|told| told.line == line || told.message.contains(&place))
        } else {
            analysis
                .diagnostics
                .iter()
                .any(|told| told.message.contains("unread"))
        };
        let has_place = analysis.diagnostics.iter().all(|told| told.line.is_some());
        let reasons = reasons(&analysis);
        // A loop that is not followed is told alone.
        let is_marked = !reasons.is_empty() || name == "a loop";
        let known = analysis
            .contract
            .operations
            .iter()
            .find(|operation| operation.path.value == "/known")
            .unwrap();
        let stays = known.certainty == Certainty::Certain && known.unknowns.is_empty();
        if !(is_told && has_place && is_marked && stays) {
            wrong.push(format!(
                "{name}: {:?} {reasons:?} {stays}",
                analysis.diagnostics
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_missing_is_no_operation() {
    let source = format!(
        "{HEAD}app.include_router(unread.router)\nfor n in unread.names:\n    app.get(f'/{{n}}')(known)\n"
    );
    let analysis = read(&[(MAIN, &source)]);
    assert_eq!(operations(&analysis), ["GET /known"]);
    assert_eq!(
        analysis.contract.missing.len(),
        1,
        "{:?}",
        analysis.contract.missing
    );
    assert!(
        analysis
            .diagnostics
            .iter()
            .any(|told| told.code == "unknown-loop" && told.line == Some(8)),
        "{:?}",
        analysis.diagnostics
    );
}

#[test]
fn facts_name_their_lines() {
    let routes = "from fastapi import APIRouter\nrouter = APIRouter()\n\n@router.get(\n    '/a',\n)\ndef a(): ...\n";
    let main = "from fastapi import FastAPI\nfrom svc import routes\n\napp = FastAPI()\napp.include_router(routes.router)\n@app.get('/b')\nasync def b(): ...\n";
    let analysis = read(&[
        (MAIN, main),
        ("svc/__init__.py", ""),
        ("svc/routes.py", routes),
    ]);
    let handlers: Vec<_> = analysis
        .contract
        .operations
        .iter()
        .map(|operation| operation.handler.clone().unwrap())
        .collect();
    assert_eq!(operations(&analysis), ["GET /a", "GET /b"]);
    let [a, b] = handlers.as_slice() else {
        panic!()
    };
    assert_eq!((&*a.file, &*b.file), ("svc/routes.py", MAIN));
    assert!((4..=7).contains(&a.line), "{a:?}");
    assert!((6..=7).contains(&b.line), "{b:?}");
    let path: Option<&Source> = analysis.contract.operations[0].path.source.as_ref();
    assert!(
        path.is_none_or(|path| path.file == "svc/routes.py"),
        "{path:?}"
    );
}
