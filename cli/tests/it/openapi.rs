//! `hitchpost openapi`: documents on standard output, what is not known on standard error.

use std::fs;

use insta::assert_snapshot;

use crate::support::Home;

const APP: &str = "\
from typing import Annotated

from fastapi import FastAPI, Query
from pydantic import BaseModel, Field

app = FastAPI(title='Shop', version='2')


class Item(BaseModel):
    name: str
    price: float | None = Field(None, gt=0)


@app.get('/items')
def items(limit: Annotated[int, Query(le=100)] = 10) -> list[Item]: ...
";

/// A service whose title nobody can know.
const UNKNOWN: &str = "\
import socket

from fastapi import FastAPI

app = FastAPI(title=socket.gethostname())
";

fn home() -> Home {
    let home = Home::new();
    home.write("shop.py", APP);
    home.write("unknown.py", UNKNOWN);
    home
}

#[test]
fn a_document_is_printed() {
    let home = home();
    assert_snapshot!(home.seen(&["openapi", "shop.py:app"]));
    assert_snapshot!(home.seen(&["openapi", "shop.py", "-o", "yaml", "--openapi", "3.0"]));
    let from_module = home.run(&["openapi", "shop:app", "--root", "."]).ok();
    assert_eq!(
        from_module,
        home.run(&["openapi", "./shop.py", "-o", "json"]).ok()
    );
}

#[test]
fn what_is_not_known_is_said() {
    let home = home();
    assert_snapshot!(home.seen(&["openapi", "unknown.py"]));
    assert_eq!(home.run(&["openapi", "unknown.py", "-q"]).err, "");
    home.run(&["openapi", "unknown.py", "--strict"])
        .refused(14, "error[not-known]: 1 fact is not known");
    assert_eq!(home.run(&["openapi", "unknown.py", "--strict"]).out, "");
    home.run(&["openapi", "shop.py", "--strict"]).ok();
}

#[test]
fn what_openapi_3_0_cannot_say_is_said() {
    let home = Home::new();
    home.write(
        "app.py",
        "from fastapi import FastAPI\napp = FastAPI(summary='Short')\n",
    );
    let ran = home.run(&["openapi", "app.py", "--openapi", "3.0"]);
    assert_eq!(
        ran.err,
        "/info/summary: warning[lost]: dropped: OpenAPI 3.0.3 has no such field\n"
    );
    assert_eq!(ran.json()["openapi"], "3.0.3");
}

#[test]
fn the_environment_is_what_is_given() {
    let home = Home::new();
    home.write("app.py", "import os\nfrom fastapi import FastAPI\napp = FastAPI(title=os.getenv('TITLE', 'none') + os.getenv('USER', ''))\n");
    let title = |arguments: &[&str]| {
        home.run(&[&["openapi", "app.py"], arguments].concat())
            .json()["info"]["title"]
            .clone()
    };
    assert_eq!(title(&["--env", "TITLE=a=b"]), "a=b");
    assert_eq!(title(&[]), "none");
    home.run(&["openapi", "app.py", "--env", "TITLE"])
        .refused(2, "`--env` wants `NAME=VALUE`");
}

#[test]
fn the_rules_are_those_of_the_versions() {
    let home = home();
    home.write("service/src/shop.py", APP);
    let error = |arguments: &[&str]| {
        let run = [&["openapi", "service/src/shop.py"], arguments].concat();
        let document = home.run(&run).json();
        document["components"]["schemas"]["ValidationError"]["properties"]["input"].clone()
    };
    assert_eq!(error(&[])["title"], "Input");
    assert!(error(&["--assume", "fastapi==0.128.0"]).is_null());
    // The lock file stands above the root, and the kept document is as old as it.
    home.write(
        "service/uv.lock",
        "[[package]]\nname = \"fastapi\"\nversion = \"0.115.8\"\n",
    );
    assert!(error(&[]).is_null());
    let told = home.run(&["openapi", "service/src/shop.py", "--stats"]);
    assert!(
        told.err.contains("0.115.8 (service/uv.lock)"),
        "{}",
        told.err
    );
    home.run(&["openapi", "shop.py", "--assume", "flask==3"])
        .refused(2, "`--assume` wants `fastapi==VERSION`");
}

#[test]
fn finished_documents_are_kept() {
    let home = home();
    let cache = home.path().join(".cache/hitchpost/openapi");
    let first = home.run(&["openapi", "shop.py", "--no-cache", "--stats"]);
    assert!(
        first.err.contains("operations") && first.err.contains("not found"),
        "{}",
        first.err
    );
    assert!(!cache.exists());
    home.run(&["openapi", "shop.py"]).ok();
    assert_eq!(fs::read_dir(&cache).unwrap().count(), 1);
    let again = home.run(&["openapi", "shop.py", "--stats"]);
    assert!(again.err.contains("cache    found"), "{}", again.err);
    assert_eq!(again.out, first.out);
    home.write("shop.py", APP.replace("Shop", "Stop"));
    assert_eq!(
        home.run(&["openapi", "shop.py"]).json()["info"]["title"],
        "Stop"
    );
}

#[test]
fn each_bad_service_is_refused() {
    let home = home();
    home.write("broken.py", "import os\n\ndef f(:\n    pass\n");
    home.write("other.py", "app = 1\n");
    home.write("empty.py", "");
    home.write("bytes.py", b"x = '\xff'\n");
    home.write(
        "deep.py",
        format!("x = {}{}\n", "(".repeat(100_000), ")".repeat(100_000)),
    );
    fs::File::create(home.path().join("huge.py"))
        .unwrap()
        .set_len(100 << 20)
        .unwrap();
    fs::create_dir(home.path().join("folder.py")).unwrap();
    for (entry, saying) in [
        (
            "nowhere.py",
            "error[no-file]: there is no file `nowhere.py`",
        ),
        ("folder.py", "error[no-file]"),
        ("broken.py", "broken.py:3: error[syntax]:"),
        ("deep.py", "error[syntax]"),
        ("shop.py:missing", "missing"),
        ("other.py:app", "error[not-an-application]"),
        ("empty.py", "error[no-application]"),
        ("huge.py", "104857600 bytes"),
        ("bytes.py", "not UTF-8"),
        ("nowhere.module:app", "nowhere"),
    ] {
        let ran = home.run(&["openapi", entry]);
        assert_eq!(ran.out, "", "{entry}");
        ran.refused(1, saying);
    }
    home.run(&["openapi", "shop.py", "--root", "nowhere"])
        .refused(1, "error[no-folder]: cannot read the folder `nowhere`");
    let ran = home.run(&["openapi", "broken.py", "-o", "json"]);
    let error: serde_json::Value = serde_json::from_str(&ran.err).unwrap();
    assert_eq!(error["error"]["code"], "syntax");
    assert_eq!(error["diagnostics"][0]["line"], 3);
}
