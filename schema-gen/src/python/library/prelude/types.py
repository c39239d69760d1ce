from _hitchpost import module


class SimpleNamespace:
    def __init__(self, mapping={}, /, **kwargs):
        for name, value in {**dict(mapping), **kwargs}.items():
            setattr(self, name, value)

    def __eq__(self, other):
        if isinstance(other, SimpleNamespace):
            return self.__dict__ == other.__dict__
        return NotImplemented

    def __repr__(self):
        return "namespace(" + ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items()) + ")"


def ModuleType(name, doc=None):
    return module(name)


def MappingProxyType(mapping):
    return mapping


def MethodType(function, instance):
    return lambda *args, **kwargs: function(instance, *args, **kwargs)


def new_class(name, bases=(), kwds=None, exec_body=None):
    namespace = {}
    if exec_body is not None:
        exec_body(namespace)
    return type(name, tuple(bases), namespace, **(kwds or {}))


def resolve_bases(bases):
    return tuple(bases)


def coroutine(function):
    return function
