from sys import version_info
from _hitchpost import update_wrapper

WRAPPER_ASSIGNMENTS = ("__module__", "__name__", "__qualname__", "__doc__", "__annotations__", "__type_params__")
WRAPPER_UPDATES = ("__dict__",)


def wraps(wrapped, assigned=WRAPPER_ASSIGNMENTS, updated=WRAPPER_UPDATES):
    def decorator(wrapper):
        return update_wrapper(wrapper, wrapped)

    return decorator


_PARTIAL = (
    "Create a new function with partial application of the given arguments and keywords."
    if version_info >= (3, 13)
    else "partial(func, *args, **keywords) - new function with partial application\n"
    "    of the given arguments and keywords.\n"
)


class partial:
    __doc__ = _PARTIAL

    def __init__(self, func, /, *args, **keywords):
        if isinstance(func, partial):
            args = func.args + args
            keywords = {**func.keywords, **keywords}
            func = func.func
        self.func = func
        self.args = args
        self.keywords = keywords

    def __call__(self, /, *args, **keywords):
        return self.func(*self.args, *args, **{**self.keywords, **keywords})


class partialmethod:
    def __init__(self, func, /, *args, **keywords):
        self.func = func
        self.args = args
        self.keywords = keywords

    def __get__(self, instance, owner=None):
        if instance is None:
            return partial(self.func, *self.args, **self.keywords)
        return partial(self.func, instance, *self.args, **self.keywords)


def _remembering(function):
    results = {}

    def wrapper(*args, **kwargs):
        key = (args, tuple(kwargs.items()))
        if key not in results:
            results[key] = function(*args, **kwargs)
        return results[key]

    update_wrapper(wrapper, function)
    wrapper.cache_clear = results.clear
    return wrapper


def lru_cache(maxsize=128, typed=False):
    if callable(maxsize):
        return _remembering(maxsize)
    return _remembering


def cache(function):
    return _remembering(function)


_nothing = object()


def reduce(function, iterable, initial=_nothing):
    items = list(iterable)
    if initial is _nothing:
        if not items:
            raise TypeError("reduce() of empty iterable with no initial value")
        initial = items.pop(0)
    for item in items:
        initial = function(initial, item)
    return initial


class _Dispatcher:
    def __init__(self, function):
        self.registry = {object: function}
        update_wrapper(self, function)

    def register(self, cls, func=None):
        if func is not None:
            self.registry[cls] = func
            return func
        if isinstance(cls, type):
            return lambda function: self.register(cls, function)
        for annotation in list(cls.__annotations__.values())[:1]:
            self.registry[annotation] = cls
        return cls

    def dispatch(self, cls):
        for base in cls.__mro__:
            if base in self.registry:
                return self.registry[base]
        return self.registry[object]

    def __call__(self, /, *args, **kwargs):
        return self.dispatch(type(args[0]))(*args, **kwargs)


def singledispatch(function):
    return _Dispatcher(function)


def total_ordering(cls):
    if "__lt__" in cls.__dict__:
        cls.__gt__ = lambda self, other: not (self < other or self == other)
        cls.__le__ = lambda self, other: self < other or self == other
        cls.__ge__ = lambda self, other: not self < other
    elif "__gt__" in cls.__dict__:
        cls.__lt__ = lambda self, other: not (self > other or self == other)
        cls.__ge__ = lambda self, other: self > other or self == other
        cls.__le__ = lambda self, other: not self > other
    return cls


def cmp_to_key(compare):
    class Key:
        def __init__(self, value):
            self.value = value

        def __lt__(self, other):
            return compare(self.value, other.value) < 0

        def __eq__(self, other):
            return compare(self.value, other.value) == 0

    return Key
