from starlette.responses import (
    FileResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)

from fastapi.sse import EventSourceResponse


class UJSONResponse(JSONResponse):
    pass


class ORJSONResponse(JSONResponse):
    pass
