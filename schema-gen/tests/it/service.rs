//! A service of several modules, as a whole.

use hitchpost_schema_gen::{Analysis, openapi::v30::openapi_v30};
use insta::assert_json_snapshot;

use super::read;

const SERVICE: [(&str, &str); 6] = [
    ("svc/__init__.py", ""),
    (
        "svc/main.py",
        r#""""The service."""
from fastapi import FastAPI, Depends
from svc import orders, settings
from svc.items import router as items
from svc.security import caller

def create_app() -> FastAPI:
    app = FastAPI(title=settings.TITLE, version="2.1", openapi_tags=[{"name": "items", "description": "What is sold."}])
    for router, prefix in [(items, "/items"), (orders.router, "/orders")]:
        app.include_router(router, prefix=settings.PREFIX + prefix)
    return app

app = create_app()

@app.get("/me", response_model_exclude_none=True)
async def me(user=Depends(caller)) -> dict[str, str | None]:
    """Who asks."""
    return {"name": user}
"#,
    ),
    (
        "svc/settings.py",
        "from os import environ\nTITLE = 'Shop'\nPREFIX = f'/v{1 + 1}'\nREGION = environ.get('REGION', 'eu')\n",
    ),
    (
        "svc/models.py",
        r#"from datetime import datetime
from enum import Enum
from typing import Annotated, Generic, Literal, TypeVar
from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")

class Size(str, Enum):
    SMALL = "s"
    LARGE = "l"

class Item(BaseModel):
    """Something to sell."""
    model_config = ConfigDict(populate_by_name=True)
    item_id: int = Field(alias="id", gt=0)
    name: Annotated[str, Field(max_length=40)]
    size: Size = Size.SMALL
    parts: list["Item"] = []

class Page(BaseModel, Generic[T]):
    items: list[T]
    total: int

class Card(BaseModel):
    kind: Literal["card"]
    number: str

class Cash(BaseModel):
    kind: Literal["cash"]

class Order(BaseModel):
    at: datetime
    payment: Annotated[Card | Cash, Field(discriminator="kind")]
    lines: dict[str, int] | None = None
"#,
    ),
    (
        "svc/security.py",
        r#"from typing import Annotated
from fastapi import Depends, Header, HTTPException
from fastapi.security import OAuth2PasswordBearer

scheme = OAuth2PasswordBearer(tokenUrl="token", scopes={"buy": "Buy things"})

def caller(token: Annotated[str, Depends(scheme)], x_trace: Annotated[str | None, Header()] = None) -> str:
    if not token:
        raise HTTPException(401)
    return token
"#,
    ),
    (
        "svc/items.py",
        r#"from typing import Annotated
from fastapi import APIRouter, Path, Query
from .models import Item, Page, Size
import pricing

router = APIRouter(tags=["items"])

@router.get("", summary="Search")
def search(size: Size | None = None, limit: Annotated[int, Query(ge=1, le=100)] = 20) -> Page[Item]: ...

@router.get("/{item_id}", responses={404: {"description": "There is none."}})
def one(item_id: Annotated[int, Path(gt=0)]) -> Item: ...

@router.get("/{item_id}/price")
def price(item_id: int, currency: pricing.Currency) -> float: ...

if pricing.ENABLED:
    @router.delete("/{item_id}", status_code=204, deprecated=True)
    def remove(item_id: int) -> None: ...
"#,
    ),
];

const ORDERS: (&str, &str) = (
    "svc/orders.py",
    r#"from fastapi import APIRouter, Security, UploadFile, Form
from svc.models import Order
from svc.security import caller

router = APIRouter(prefix="/all", dependencies=[Security(caller, scopes=["buy"])])

@router.post("/", status_code=201)
async def create(order: Order) -> Order:
    """Orders something.

    At once.
    """

@router.put("/{order_id}/receipt")
def receipt(order_id: str, file: UploadFile, note: str = Form("")): ...
"#,
);

fn service() -> Analysis {
    let mut files = SERVICE.to_vec();
    files.push(ORDERS);
    read(&files)
}

#[test]
fn is_read_as_a_contract() {
    let analysis = service();
    assert_json_snapshot!(analysis.contract);
    let told: Vec<String> = analysis
        .diagnostics
        .iter()
        .map(|told| {
            format!(
                "{}:{} {} [{}]",
                told.file.as_deref().unwrap_or("-"),
                told.line.unwrap_or_default(),
                told.message,
                told.code
            )
        })
        .collect();
    assert_json_snapshot!("told", told);
}

#[test]
fn is_written_as_openapi() {
    let document = service().document.unwrap();
    assert_json_snapshot!("document", document);
    let down = openapi_v30(&document).unwrap();
    let lost: Vec<String> = down.lost.iter().map(ToString::to_string).collect();
    assert_json_snapshot!(
        "document-3.0",
        serde_json::json!({ "lost": lost, "document": down.document })
    );
}

#[test]
fn is_the_same_every_time() {
    let bytes = || {
        let analysis = service();
        let document = analysis.document.unwrap();
        let down = openapi_v30(&document).unwrap();
        let contract = serde_json::to_string(&analysis.contract).unwrap();
        format!(
            "{contract}\n{document}\n{:?}\n{}",
            analysis.diagnostics,
            serde_json::to_string(&down.document).unwrap()
        )
    };
    let first = bytes();
    for _ in 1..20 {
        assert_eq!(bytes(), first);
    }
}
