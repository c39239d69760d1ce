from enum import IntEnum
from _hitchpost import signature as _signature


class _empty:
    pass


class _ParameterKind(IntEnum):
    POSITIONAL_ONLY = 0
    POSITIONAL_OR_KEYWORD = 1
    VAR_POSITIONAL = 2
    KEYWORD_ONLY = 3
    VAR_KEYWORD = 4


class Parameter:
    empty = _empty
    POSITIONAL_ONLY = _ParameterKind.POSITIONAL_ONLY
    POSITIONAL_OR_KEYWORD = _ParameterKind.POSITIONAL_OR_KEYWORD
    VAR_POSITIONAL = _ParameterKind.VAR_POSITIONAL
    KEYWORD_ONLY = _ParameterKind.KEYWORD_ONLY
    VAR_KEYWORD = _ParameterKind.VAR_KEYWORD

    def __init__(self, name, kind, *, default=_empty, annotation=_empty):
        self.name = name
        self.kind = kind
        self.default = default
        self.annotation = annotation

    def replace(self, **changes):
        given = {"name": self.name, "kind": self.kind, "default": self.default, "annotation": self.annotation}
        given.update(changes)
        return Parameter(**given)


class Signature:
    empty = _empty

    def __init__(self, parameters=None, *, return_annotation=_empty):
        self.parameters = {parameter.name: parameter for parameter in (parameters or [])}
        self.return_annotation = return_annotation

    @classmethod
    def from_callable(cls, obj, **kwargs):
        return signature(obj)

    def replace(self, *, parameters=_empty, return_annotation=_empty):
        return Signature(
            list(self.parameters.values()) if parameters is _empty else parameters,
            return_annotation=self.return_annotation if return_annotation is _empty else return_annotation,
        )

    def bind(self, *args, **kwargs):
        return BoundArguments(self, _bind(self, args, kwargs))

    def bind_partial(self, *args, **kwargs):
        return BoundArguments(self, _bind(self, args, kwargs))


class BoundArguments:
    def __init__(self, signature, arguments):
        self.signature = signature
        self.arguments = arguments

    def apply_defaults(self):
        for name, parameter in self.signature.parameters.items():
            if name not in self.arguments and parameter.default is not _empty:
                self.arguments[name] = parameter.default


def _bind(signature, args, kwargs):
    arguments = {}
    names = list(signature.parameters)
    for name, value in zip(names, args):
        arguments[name] = value
    arguments.update(kwargs)
    return arguments


def signature(obj, *, follow_wrapped=True, globals=None, locals=None, eval_str=False):
    rows, returns = _signature(obj)
    parameters = [
        Parameter(
            name,
            _ParameterKind(kind),
            annotation=annotation[0] if annotation else _empty,
            default=default[0] if default else _empty,
        )
        for name, kind, annotation, default in rows
    ]
    return Signature(parameters, return_annotation=returns[0] if returns else _empty)


def getmembers(object, predicate=None):
    out = []
    for name in dir(object):
        value = getattr(object, name, _empty)
        if value is not _empty and (predicate is None or predicate(value)):
            out.append((name, value))
    return out


def getmro(cls):
    return cls.__mro__


def unwrap(func, *, stop=None):
    while hasattr(func, "__wrapped__") and not (stop is not None and stop(func)):
        func = func.__wrapped__
    return func


def get_annotations(obj, *, globals=None, locals=None, eval_str=False):
    return obj.__annotations__
