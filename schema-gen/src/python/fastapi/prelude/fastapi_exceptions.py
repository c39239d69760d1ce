from starlette.exceptions import HTTPException as _HTTPException
from starlette.exceptions import WebSocketException


class HTTPException(_HTTPException):
    pass


class FastAPIError(RuntimeError):
    pass


class ValidationException(Exception):
    def __init__(self, errors, **given):
        self._errors = errors

    def errors(self):
        return self._errors


class RequestValidationError(ValidationException):
    pass


class WebSocketRequestValidationError(ValidationException):
    pass


class ResponseValidationError(ValidationException):
    pass
