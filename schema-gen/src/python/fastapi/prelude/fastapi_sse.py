from typing import Annotated, Any

from pydantic import BaseModel, Field
from starlette.responses import StreamingResponse


class EventSourceResponse(StreamingResponse):
    media_type = "text/event-stream"


class ServerSentEvent(BaseModel):
    data: Any = None
    raw_data: str | None = None
    event: str | None = None
    id: str | None = None
    retry: Annotated[int | None, Field(ge=0)] = None
    comment: str | None = None
