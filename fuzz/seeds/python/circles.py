from typing import Generic, TypeVar
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel

app = FastAPI()
router = APIRouter()
router.include_router(router, prefix="/a")
app.include_router(app.router, prefix="/b")
V = TypeVar("V")


class G(BaseModel, Generic[V]):
    next: "G[G[V]] | None" = None


type T = T


@app.post("/g")
def g(q: G[int], t: T = None): ...


def own():
    return app.openapi()


app.openapi = own
