import os

from fastapi import APIRouter, FastAPI
from fastapi.security import OAuth2PasswordBearer

from parts.orders import router as orders
from .missing import nothing

scheme = OAuth2PasswordBearer(tokenUrl="token")


def create_app(debug: bool = False) -> FastAPI:
    app = FastAPI(debug=debug)
    for prefix in ("/a", "/b"):
        app.include_router(orders, prefix=prefix, tags=[prefix.strip("/")])
    if os.environ.get("MODE") == "test":
        app.include_router(local())
    if os.path.exists("/somewhere"):
        app.add_api_route("/exists", lambda: None, methods=["GET", "POST"])
    return app


def local():
    router = APIRouter(dependencies=[])

    @router.websocket("/ws")
    async def ws(socket): ...

    @router.delete(f"/{'x' * 3}")
    def gone(token: str = scheme): ...

    return router


app = create_app()

#### app/parts/__init__.py
__all__ = ["orders"]
from . import *
#### app/parts/orders.py
from fastapi import APIRouter

router = APIRouter(prefix="/orders")


@router.get("")
def orders(): ...


class Views:
    @router.get("/{n:path}")
    def view(self, n): ...
