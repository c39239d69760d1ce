from pydantic_core import PydanticUndefined

from fastapi import params


def Path(default=..., **given):
    return params.Path(default, **given)


def Query(default=PydanticUndefined, **given):
    return params.Query(default, **given)


def Header(default=PydanticUndefined, **given):
    return params.Header(default, **given)


def Cookie(default=PydanticUndefined, **given):
    return params.Cookie(default, **given)


def Body(default=PydanticUndefined, **given):
    return params.Body(default, **given)


def Form(default=PydanticUndefined, **given):
    return params.Form(default, **given)


def File(default=PydanticUndefined, **given):
    return params.File(default, **given)


def Depends(dependency=None, *, use_cache=True, scope=None, max_concurrency=None):
    return params.Depends(dependency, use_cache, scope, max_concurrency=max_concurrency)


def Security(dependency=None, *, scopes=None, use_cache=True):
    return params.Security(dependency, use_cache, None, scopes)
