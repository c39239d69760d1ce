from starlette.datastructures import UploadFile as _UploadFile


class UploadFile(_UploadFile):
    __hitchpost_schema__ = {"type": "string", "contentMediaType": "application/octet-stream"}

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema, handler):
        return {"type": "string", "contentMediaType": "application/octet-stream"}


class DefaultPlaceholder:
    def __init__(self, value):
        self.value = value

    def __bool__(self):
        return bool(self.value)

    def __eq__(self, other):
        return isinstance(other, DefaultPlaceholder) and other.value == self.value


def Default(value):
    return DefaultPlaceholder(value)
