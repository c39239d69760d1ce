from enum import Enum

from pydantic import Field
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

FIELD_NAMES = {
    "default_factory",
    "alias",
    "alias_priority",
    "validation_alias",
    "serialization_alias",
    "title",
    "description",
    "discriminator",
    "strict",
    "validate_default",
    "examples",
    "deprecated",
    "json_schema_extra",
    "annotation",
}


class ParamTypes(Enum):
    query = "query"
    header = "header"
    path = "path"
    cookie = "cookie"


class Given(FieldInfo):
    # `__field__` is the pydantic.Field that says the same about the value.
    def __init__(self, default=PydanticUndefined, **given):
        self.default = default
        self.example = given.pop("example", PydanticUndefined)
        self.include_in_schema = given.pop("include_in_schema", True)
        self.openapi_examples = given.pop("openapi_examples", None)
        given.pop("annotation", None)
        alias = given.get("alias")
        if isinstance(alias, str) and given.get("serialization_alias") is None:
            given["serialization_alias"] = alias
        if alias is not None and given.get("validation_alias") is None:
            given["validation_alias"] = alias
        regex = given.pop("regex", None)
        if regex is not None and not given.get("pattern"):
            given["pattern"] = regex
        # Names of version 1 are extra keywords here, which pydantic.Field would read as constraints.
        extra = {name: given.pop(name) for name in ("min_items", "max_items", "unique_items") if name in given}
        if extra and not given.get("json_schema_extra"):
            given["json_schema_extra"] = extra
        self._given = given
        if default is PydanticUndefined:
            self.__field__ = Field(**given)
        else:
            self.__field__ = Field(default, **given)

    def is_required(self):
        return self.default in (PydanticUndefined, ...) and self._given.get("default_factory") is None

    def __getattr__(self, name):
        if name in FIELD_NAMES:
            return self._given.get(name)
        raise AttributeError(name)


class Param(Given):
    pass


class Path(Param):
    in_ = ParamTypes.path

    def __init__(self, default=..., **given):
        super().__init__(default, **given)


class Query(Param):
    in_ = ParamTypes.query


class Header(Param):
    in_ = ParamTypes.header

    def __init__(self, default=PydanticUndefined, *, convert_underscores=True, **given):
        self.convert_underscores = convert_underscores
        super().__init__(default, **given)


class Cookie(Param):
    in_ = ParamTypes.cookie


class Body(Given):
    def __init__(self, default=PydanticUndefined, *, embed=None, media_type="application/json", **given):
        self.embed = embed
        self.media_type = media_type
        super().__init__(default, **given)


class Form(Body):
    def __init__(self, default=PydanticUndefined, *, media_type="application/x-www-form-urlencoded", **given):
        super().__init__(default, media_type=media_type, **given)


class File(Form):
    def __init__(self, default=PydanticUndefined, *, media_type="multipart/form-data", **given):
        super().__init__(default, media_type=media_type, **given)


class Depends:
    def __init__(self, dependency=None, use_cache=True, scope=None, *, max_concurrency=None):
        self.dependency = dependency
        self.use_cache = use_cache
        self.scope = scope
        self.max_concurrency = max_concurrency


class Security(Depends):
    def __init__(self, dependency=None, use_cache=True, scope=None, scopes=None, *, max_concurrency=None):
        super().__init__(dependency, use_cache, scope, max_concurrency=max_concurrency)
        self.scopes = scopes
