from _hitchpost import writes
from starlette.datastructures import UploadFile as _UploadFile

_SCHEMA = (
    {"type": "string", "contentMediaType": "application/octet-stream"}
    if writes("BytesAsContentMediaType")
    else {"type": "string", "format": "binary"}
)


class UploadFile(_UploadFile):
    __hitchpost_schema__ = _SCHEMA

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema, handler):
        return _SCHEMA


class DefaultPlaceholder:
    def __init__(self, value):
        self.value = value

    def __bool__(self):
        return bool(self.value)

    def __eq__(self, other):
        return isinstance(other, DefaultPlaceholder) and other.value == self.value


def Default(value):
    return DefaultPlaceholder(value)
