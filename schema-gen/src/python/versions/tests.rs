//! Expectations are what the named versions of the packages give.

use serde_json::{Value as Json, json};

use super::{Version, Versions};
use crate::{Analysis, Entry, MemoryTree, Options, analyse};

const SERVICE: &str = r#"
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from fastapi import Depends, FastAPI, Form, Security, UploadFile
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
from pydantic import BaseModel, Field

class Color(Enum):
    red = "red"
    blue = "blue"

class Item(BaseModel):
    kind: Literal["item"]
    color: Color = Color.red
    price: Decimal
    cost: Annotated[Decimal, Field(max_digits=5, decimal_places=2)]
    more: dict[str, Any]
    sizes: dict[Color, int]

class Login(BaseModel):
    name: str

app = FastAPI()
scheme = OAuth2PasswordBearer(tokenUrl="token", scopes={"read": "", "write": ""})

@app.post("/items", responses={413: {}})
def create(item: Item): ...

@app.post("/files")
def upload(file: UploadFile, raw: bytes): ...

@app.post("/login")
def login(data: Annotated[Login, Form()]): ...

@app.post("/token")
def token(form: Annotated[OAuth2PasswordRequestForm, Depends()]): ...

def reader(token: Annotated[str, Security(scheme, scopes=["read"])]): ...
def writer(token: Annotated[str, Security(scheme, scopes=["write"])]): ...

@app.get("/secret", dependencies=[Depends(reader), Depends(writer)])
def secret(): ...
"#;

fn analysis(tree: &[(&str, &str)], options: &Options) -> Analysis {
    let files = tree.iter().copied().chain([("srv/app/main.py", SERVICE)]);
    analyse(
        &files.collect::<MemoryTree>(),
        &Entry::parse("srv/app/main.py:app"),
        options,
    )
}

fn document(fastapi: &str, pydantic: &str, python: &str) -> Json {
    let versions = Versions {
        fastapi: Version::parse(fastapi),
        pydantic: Version::parse(pydantic),
        python: Version::parse(python),
    };
    analysis(
        &[],
        &Options {
            versions,
            ..Options::default()
        },
    )
    .document
    .unwrap()
}

fn at(fastapi: &str, pydantic: &str, python: &str, pointer: &str) -> Json {
    document(fastapi, pydantic, python)
        .pointer(pointer)
        .cloned()
        .unwrap_or_default()
}

#[test]
fn fastapi_wrote_something_else_before() {
    let file = "/components/schemas/Body_upload_files_post/properties/file";
    let media = json!({ "type": "string", "contentMediaType": "application/octet-stream", "title": "File" });
    assert_eq!(at("0.129.1", "2.14", "3.13", file), media);
    assert_eq!(
        at("0.129.0", "2.14", "3.13", file),
        json!({ "type": "string", "format": "binary", "title": "File" })
    );

    let input = "/components/schemas/ValidationError/properties/input";
    assert_eq!(
        at("0.128.1", "2.14", "3.13", input),
        json!({ "title": "Input" })
    );
    assert_eq!(at("0.128.0", "2.14", "3.13", input), json!(null));

    let security = "/paths/~1secret/get/security";
    let merged = json!([{ "OAuth2PasswordBearer": ["read", "write"] }]);
    assert_eq!(at("0.123.8", "2.14", "3.13", security), merged);
    let apart =
        json!([{ "OAuth2PasswordBearer": ["read"] }, { "OAuth2PasswordBearer": ["write"] }]);
    assert_eq!(at("0.123.7", "2.14", "3.13", security), apart);

    let form = "/components/schemas/Body_token_token_post/properties";
    let grant = format!("{form}/grant_type/anyOf/0/pattern");
    assert_eq!(at("0.115.8", "2.14", "3.13", &grant), json!("^password$"));
    assert_eq!(at("0.115.7", "2.14", "3.13", &grant), json!("password"));
    let secret = format!("{form}/password/format");
    assert_eq!(at("0.115.13", "2.14", "3.13", &secret), json!("password"));
    assert_eq!(at("0.115.12", "2.14", "3.13", &secret), json!(null));

    let form =
        "/paths/~1login/post/requestBody/content/application~1x-www-form-urlencoded/schema/$ref";
    assert_eq!(
        at("0.113.0", "2.14", "3.13", form),
        json!("#/components/schemas/Login")
    );
    assert_eq!(
        at("0.112.4", "2.14", "3.13", form),
        json!("#/components/schemas/Body_login_login_post")
    );
}

#[test]
fn pydantic_wrote_something_else_before() {
    let item = |pydantic: &str, name: &str| {
        at(
            "0.165",
            pydantic,
            "3.13",
            &format!("/components/schemas/Item/properties/{name}"),
        )
    };
    let any = json!({ "additionalProperties": true, "type": "object", "title": "More" });
    assert_eq!(item("2.11.0", "more"), any);
    assert_eq!(
        item("2.10.6", "more"),
        json!({ "type": "object", "title": "More" })
    );

    let keys = json!({ "$ref": "#/components/schemas/Color" });
    assert_eq!(item("2.10.0", "sizes")["propertyNames"], keys);
    assert_eq!(item("2.9.2", "sizes")["propertyNames"], json!(null));

    let text = |pydantic: &str, name: &str| item(pydantic, name)["anyOf"][1].clone();
    assert_eq!(text("2.14.0", "price"), json!({ "type": "string" }));
    assert_eq!(text("2.11.10", "price"), json!({ "type": "string" }));
    assert_eq!(
        text("2.13.5", "price")["pattern"],
        json!(r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$")
    );
    assert_eq!(
        text("2.12.0", "cost")["pattern"],
        json!(r"^(?!^[-+.]*$)[+-]?0*(?:\d{0,3}|(?=[\d.]{1,6}0*$)\d{0,3}\.\d{0,2}0*$)")
    );

    assert_eq!(
        item("2.10.0", "kind"),
        json!({ "type": "string", "const": "item", "title": "Kind" })
    );
    assert_eq!(
        item("2.9.2", "kind"),
        json!({ "type": "string", "enum": ["item"], "const": "item", "title": "Kind" })
    );

    let reference = json!({ "$ref": "#/components/schemas/Color" });
    assert_eq!(item("2.9.0", "color")["$ref"], reference["$ref"]);
    assert_eq!(
        item("2.8.2", "color"),
        json!({ "allOf": [reference], "default": "red" })
    );
}

#[test]
fn python_has_other_phrases_since_3_13() {
    let phrase = "/paths/~1items/post/responses/413/description";
    assert_eq!(
        at("0.165", "2.14", "3.13", phrase),
        json!("Content Too Large")
    );
    assert_eq!(
        at("0.165", "2.14", "3.12", phrase),
        json!("Request Entity Too Large")
    );
}

#[test]
fn the_installed_version_comes_before_the_locked_one() {
    let options = Options {
        roots: vec!["srv/app".to_owned()],
        ..Options::default()
    };
    let found = |tree: &[(&str, &str)], options: &Options| {
        let versions = analysis(tree, options).versions;
        versions
            .into_iter()
            .map(|one| format!("{} {}", one.version, one.from))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        found(&[], &options),
        [
            "0.165.0 newest known",
            "2.14.3 newest known",
            "3.13.0 newest known"
        ]
    );

    let lock = "version = 1\n[[package]]\nname = \"fastapi\"\nversion = \"0.115.8\"\n\
                dependencies = [\n    { name = \"pydantic\" },\n]\n[[package]]\nname = \"pydantic\"\nversion = \"2.10.6\"\n";
    assert_eq!(
        found(&[("srv/uv.lock", lock)], &options)[..2],
        ["0.115.8 srv/uv.lock", "2.10.6 srv/uv.lock"]
    );
    let required = "# pinned\nfastapi-utils==9\nfastapi[standard]==0.128.0 ; python_version > '3.9'\npydantic>=2\n";
    assert_eq!(
        found(&[("srv/app/requirements.txt", required)], &options)[..2],
        ["0.128.0 srv/app/requirements.txt", "2.14.3 newest known"]
    );
    let pipfile = r#"{"default": {"pydantic": {"version": "==2.9.2"}}}"#;
    assert_eq!(
        found(&[("srv/Pipfile.lock", pipfile)], &options)[1],
        "2.9.2 srv/Pipfile.lock"
    );

    let site = "lib/python3.12/site-packages";
    let options = Options {
        site_packages: vec![site.to_owned()],
        ..options
    };
    let installed = [
        ("srv/uv.lock", lock),
        (
            "lib/python3.12/site-packages/fastapi/__init__.py",
            "__version__ = \"0.120.0\"\n",
        ),
        (
            "lib/python3.12/site-packages/pydantic/version.py",
            "__all__ = 'VERSION'\nVERSION = '2.12.5'\n",
        ),
    ];
    assert_eq!(
        found(&installed, &options),
        [
            format!("0.120.0 {site}/fastapi/__init__.py"),
            format!("2.12.5 {site}/pydantic/version.py"),
            format!("3.12.0 {site}")
        ]
    );
}

#[test]
fn versions_whose_rules_are_not_known_are_told() {
    let options = Options {
        versions: Versions {
            pydantic: Version::parse("1.10.7"),
            ..Versions::default()
        },
        ..Options::default()
    };
    let analysis = analysis(&[], &options);
    let told = &analysis.diagnostics[0];
    assert_eq!(told.code, "old-version");
    assert!(
        told.message.contains("pydantic 1.10.7 (given)"),
        "{}",
        told.message
    );
    assert_eq!(analysis.versions[1].from, "newest known");
}
