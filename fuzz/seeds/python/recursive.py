from __future__ import annotations
from typing import NewType, TypedDict
from pydantic import BaseModel, RootModel, computed_field, create_model
from fastapi import FastAPI
type Tree = dict[str, Tree] | int
Name = NewType("Name", str)
class A(BaseModel):
    b: B | None = None
    tree: Tree
    name: Name
    @computed_field
    @property
    def c(self) -> A: ...
class B(A): a: list[A]
class Row(TypedDict, total=False):
    rows: list[Row]
Dynamic = create_model("Dynamic", x=(int, ...), __base__=B)
class Root(RootModel[list[Dynamic]]): pass
app = FastAPI(openapi_tags=[{"name": "a"}], responses={404: {"model": A}})
@app.patch("/{a}/{b}/", response_model_exclude_none=True)
def f(a: A, b: Row, c: Root) -> Root: ...
