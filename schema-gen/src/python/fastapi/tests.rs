use serde_json::{Value, json};

use crate::{Analysis, Certainty, Entry, MemoryTree, Options, analyse};

fn analysed(source: &str) -> Analysis {
    let tree: MemoryTree = [("svc/main.py", source)].into_iter().collect();
    analyse(&tree, &Entry::parse("svc/main.py"), &Options::default())
}

/// The part of a service's document at a JSON pointer.
fn check(source: &str, pointer: &str, expected: Value) {
    let analysis = analysed(source);
    let document = analysis
        .document
        .unwrap_or_else(|| panic!("no document: {:?}", analysis.diagnostics));
    assert_eq!(
        document.pointer(pointer),
        Some(&expected),
        "{pointer} of {document:#}"
    );
}

fn names(source: &str, pointer: &str) -> Vec<String> {
    let document = analysed(source).document.unwrap();
    let parameters = document
        .pointer(pointer)
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    parameters
        .iter()
        .map(|one| {
            format!(
                "{} {}",
                one["in"].as_str().unwrap(),
                one["name"].as_str().unwrap()
            )
        })
        .collect()
}

const HEAD: &str = "\
from typing import Annotated
from fastapi import APIRouter, Body, Cookie, Depends, FastAPI, File, Form, Header, Path, Query, Request, Security, UploadFile
from fastapi.security import APIKeyHeader, OAuth2PasswordBearer, SecurityScopes
from pydantic import BaseModel
app = FastAPI()
class Item(BaseModel):
    name: str
";

fn service(rest: &str) -> String {
    format!("{HEAD}{rest}")
}

#[test]
fn parameters_stand_where_their_types_and_marks_say() {
    let source = service(
        "def common(q: str = '', h: Annotated[str, Header()] = ''): ...
@app.get('/items/{item_id}')
def read(item_id: int, request: Request, d: Annotated[dict, Depends(common)], c: str = Cookie('x'), *, limit: int = 5, x_y: Annotated[str, Header(convert_underscores=False)] = ''): ...
",
    );
    assert_eq!(
        names(&source, "/paths/~1items~1{item_id}/get/parameters"),
        [
            "path item_id",
            "query limit",
            "query q",
            "header x_y",
            "header h",
            "cookie c"
        ]
    );
}

#[test]
fn one_body_is_itself_and_several_are_embedded() {
    let one = service("@app.post('/a')\ndef f(item: Item): ...\n");
    let schema = "/paths/~1a/post/requestBody/content/application~1json/schema";
    check(&one, schema, json!({ "$ref": "#/components/schemas/Item" }));
    let two = service("@app.post('/a')\ndef f(item: Item, n: Annotated[int, Body()]): ...\n");
    check(
        &two,
        schema,
        json!({ "$ref": "#/components/schemas/Body_f_a_post" }),
    );
    check(
        &two,
        "/components/schemas/Body_f_a_post/required",
        json!(["item", "n"]),
    );
    let form =
        service("@app.post('/a')\ndef f(n: Annotated[int, Form()], file: UploadFile): ...\n");
    check(
        &form,
        "/paths/~1a/post/requestBody/content/multipart~1form-data/schema",
        json!({ "$ref": "#/components/schemas/Body_f_a_post" }),
    );
}

#[test]
fn a_router_may_be_included_twice_and_nested() {
    let source = service(
        "inner = APIRouter(prefix='/inner', tags=['inner'], responses={404: {'description': 'gone'}})
@inner.get('/x')
def x(): ...
outer = APIRouter()
outer.include_router(inner, tags=['nested'])
app.include_router(outer, prefix='/one', tags=['one'])
app.include_router(inner, prefix='/two', deprecated=True)
@inner.get('/late')
def late(): ...
",
    );
    check(
        &source,
        "/paths/~1one~1inner~1x/get/tags",
        json!(["one", "nested", "inner"]),
    );
    check(
        &source,
        "/paths/~1one~1inner~1x/get/operationId",
        json!("x_one_inner_x_get"),
    );
    check(
        &source,
        "/paths/~1two~1inner~1x/get/deprecated",
        json!(true),
    );
    check(
        &source,
        "/paths/~1two~1inner~1late/get/responses/404/description",
        json!("gone"),
    );
}

#[test]
fn scopes_are_those_of_all_that_depend_on_a_scheme() {
    let source = service(
        "scheme = OAuth2PasswordBearer(tokenUrl='token', scopes={'a': 'A', 'b': 'B'})
def user(scopes: SecurityScopes, token: Annotated[str, Depends(scheme)]): ...
def active(u: Annotated[str, Security(user, scopes=['a'])]): ...
@app.get('/me')
def me(u: Annotated[str, Security(active, scopes=['b'])]): ...
",
    );
    check(
        &source,
        "/paths/~1me/get/security",
        json!([{ "OAuth2PasswordBearer": ["b", "a"] }]),
    );
    check(
        &source,
        "/components/securitySchemes/OAuth2PasswordBearer/flows/password",
        json!({ "scopes": { "a": "A", "b": "B" }, "tokenUrl": "token" }),
    );
}

#[test]
fn a_service_may_change_its_document() {
    let source = service(
        "from fastapi.openapi.utils import get_openapi
@app.get('/x')
def x(): ...
def custom():
    if not app.openapi_schema:
        schema = get_openapi(title='T', version='1', routes=app.routes)
        schema['info']['x-logo'] = {'url': 'u'}
        app.openapi_schema = schema
    return app.openapi_schema
app.openapi = custom
",
    );
    check(
        &source,
        "/info",
        json!({ "title": "T", "version": "1", "x-logo": { "url": "u" } }),
    );
    assert!(analysed(&source).contract.document.is_some());
}

#[test]
fn what_is_not_known_is_said_in_its_place() {
    let source = service(
        "import unread
from unread import Other
@app.get('/a')
def a(x: Other, y: int = 3): ...
if unread.flag:
    @app.get('/b')
    def b(): ...
app.include_router(unread.router)
",
    );
    let analysis = analysed(&source);
    let [first, second] = analysis.contract.operations.as_slice() else {
        panic!("two operations")
    };
    assert_eq!(first.unknowns.len(), 1, "{:?}", first.unknowns);
    assert!(
        first
            .unknowns
            .iter()
            .all(|why| why.contains("parameter `x`") && why.contains("svc/main.py:"))
    );
    assert_eq!(first.parameters.len(), 1);
    assert!(matches!(&second.certainty, Certainty::Uncertain(why) if why.contains("unread.flag")));
    assert_eq!(analysis.contract.missing.len(), 1);
    let document = analysis.document.unwrap();
    assert!(document.pointer("/paths/x-hitchpost-unknown").is_some());
    assert!(
        document
            .pointer("/paths/~1b/get/x-hitchpost-unknown")
            .is_some()
    );
}

#[test]
fn a_class_with_a_base_that_is_not_read_is_neither_query_nor_body() {
    let source = service(
        "from unread import Base\nclass Own(Base): ...\n@app.post('/a')\ndef a(own: Own): ...\n",
    );
    let analysis = analysed(&source);
    let [operation] = analysis.contract.operations.as_slice() else {
        panic!("one operation")
    };
    assert!(operation.parameters.is_empty() && operation.request_body.is_none());
    assert_eq!(operation.unknowns.len(), 1);
}

/// The expected values are FastAPI 0.165's.
#[test]
fn jsonable_encoder_has_forms_of_its_own_for_dates_durations_and_decimals() {
    let source = "\
import datetime, decimal
from zoneinfo import ZoneInfo
from fastapi.encoders import jsonable_encoder
utc = datetime.timezone.utc
class At(BaseModel):
    at: datetime.datetime
app.description = str(jsonable_encoder([
    datetime.datetime.min.replace(tzinfo=ZoneInfo('UTC')),
    datetime.datetime(2020, 1, 1, tzinfo=utc),
    datetime.date(2020, 1, 2),
    datetime.time(1, 2, tzinfo=utc),
    datetime.timedelta(seconds=3),
    decimal.Decimal('1.50'),
    decimal.Decimal('7'),
    At(at=datetime.datetime(2020, 1, 1, tzinfo=utc)),
]))
";
    let expected = "['0001-01-01T00:00:00+00:00', '2020-01-01T00:00:00+00:00', '2020-01-02', \
        '01:02:00+00:00', 3.0, 1.5, 7, {'at': '2020-01-01T00:00:00Z'}]";
    check(&service(source), "/info/description", json!(expected));
    let source = "\
import datetime
at = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
@app.post('/x')
def x(q: str = Query(openapi_examples={'x': {'value': at}}), b: str = Body(example=at)): ...
";
    let expected = "2020-01-01T00:00:00+00:00";
    let post = "/paths/~1x/post";
    for place in [
        "/parameters/0/examples/x/value",
        "/requestBody/content/application~1json/example",
    ] {
        check(&service(source), &format!("{post}{place}"), json!(expected));
    }
}

#[test]
fn paths_with_a_conversion_stay_as_they_were_made() {
    // `PathItem | Any`: pydantic takes the model where nothing is converted.
    let keys = |source: &str| -> Vec<String> {
        let document = analysed(source).document.unwrap();
        document
            .pointer("/paths/~1a/post")
            .and_then(Value::as_object)
            .unwrap()
            .keys()
            .cloned()
            .collect()
    };
    let security = "@app.post('/a', dependencies=[Depends(APIKeyHeader(name='k'))])\n";
    assert_eq!(
        keys(&service(&format!("{security}def f(): ...\n"))),
        ["summary", "operationId", "responses", "security"]
    );
    assert_eq!(
        keys(&service(&format!("{security}def f(q: int): ...\n"))),
        [
            "summary",
            "operationId",
            "security",
            "parameters",
            "responses"
        ]
    );
}

#[test]
fn the_application_is_found_by_its_usual_names() {
    for source in [
        "from fastapi import FastAPI\nservice = FastAPI(title='T')\n",
        "from fastapi import FastAPI\ndef create_app():\n    return FastAPI(title='T')\n",
        "from fastapi import FastAPI\nother = FastAPI()\napp = FastAPI(title='T')\n",
    ] {
        check(source, "/info/title", json!("T"));
    }
    let analysis = analysed("x = 1\n");
    assert!(analysis.document.is_none());
    assert_eq!(
        analysis.diagnostics.last().map(|last| last.code),
        Some("no-application")
    );
}

#[test]
fn an_operation_whose_path_is_not_known_takes_no_others_place() {
    let source = service(
        "import elsewhere\n@app.get('/')\ndef a() -> int: ...\n@app.get(elsewhere.prefix)\ndef b() -> str: ...\n",
    );
    check(
        &source,
        "/paths/~1/get/responses/200/content/application~1json/schema/type",
        json!("integer"),
    );
    check(
        &source,
        "/paths/x-hitchpost-unknown-paths/0/get/responses/200/content/application~1json/schema/type",
        json!("string"),
    );
}

#[test]
fn starlettes_config_reads_the_environment() {
    let source = service(
        "from starlette.config import Config\nfrom starlette.datastructures import CommaSeparatedStrings\nconfig = Config('.env')\nif config('OPEN', cast=bool, default=True):\n    @app.get('/a')\n    def a(kind: str = config('KIND', default='x'), many: list[str] = Query(list(config('MANY', cast=CommaSeparatedStrings, default='p, q')))): ...\n",
    );
    check(
        &source,
        "/paths/~1a/get/parameters/0/schema/default",
        json!("x"),
    );
    check(
        &source,
        "/paths/~1a/get/parameters/1/schema/default",
        json!(["p", "q"]),
    );
}
