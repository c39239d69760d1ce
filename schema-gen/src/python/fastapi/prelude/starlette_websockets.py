from starlette.requests import HTTPConnection


class WebSocket(HTTPConnection):
    pass


class WebSocketDisconnect(Exception):
    def __init__(self, code=1000, reason=None):
        self.code = code
        self.reason = reason or ""
