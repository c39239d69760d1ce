from fastapi import FastAPI

app = FastAPI(title="Shop", version="1.2.0")


@app.get("/items/{item_id}", tags=["items"])
async def read_item(item_id: int, q: str | None = None, limit: int = 10):
    """An item."""
    return {"item_id": item_id}


@app.post("/items", status_code=201, deprecated=True)
def create(name: str, price: float = 1.5) -> dict[str, int]: ...
