from datetime import datetime
from enum import Enum
from typing import Annotated, Generic, Literal, TypeVar
from uuid import UUID

from fastapi import Body, Depends, FastAPI, Header, Query
from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")


class Colour(str, Enum):
    RED = "red"
    BLUE = "blue"


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = Field(9, ge=0, lt=10, examples=[3])


class Dog(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["dog"]
    friends: list["Cat | Dog"] = []
    at: datetime
    pair: tuple[int, str]


class Page(BaseModel, Generic[T]):
    items: list[T]
    by_id: dict[UUID, T]


def paging(skip: int = 0, limit: Annotated[int, Query(le=100)] = 10):
    return skip, limit


app = FastAPI()


@app.put("/pets", response_model=Page[Cat | Dog])
def put(
    pet: Annotated[Cat | Dog, Body(discriminator="kind")],
    page: Annotated[tuple, Depends(paging)],
    colour: Colour = Colour.RED,
    agent: Annotated[str | None, Header()] = None,
): ...
