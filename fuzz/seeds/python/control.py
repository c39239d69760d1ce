from functools import partial, wraps
from fastapi import FastAPI
import third_party

app = FastAPI()


def twice(function):
    @wraps(function)
    def inner(*args, **kwargs):
        return function(*args, **kwargs)
    return inner


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


while third_party.unknown():
    app.get("/loop")(twice(fib))

try:
    from nowhere import settings
except ImportError:
    settings = {"paths": [f"/p{i}" for i in range(3)], **{}}
else:
    settings = None
finally:
    done = True

for path, *rest in zip(settings["paths"], "abc"):
    app.get(path, name=rest[0])(partial(fib, 1))

match fib(7):
    case 13 | 21:
        app.title = "%s-%d" % ("t", 1)
    case {"a": [x, *_]} if x:
        del app
    case _:
        raise ValueError

with third_party.context() as (a, b), open("x"):
    a[0]: int = 1; b = lambda *, k=1: (yield)

x = [y := 1, y**2 // 3 % 2, not y, ~y, y if y else None, {1, 2} | {3}, *range(2)]
class Meta(type):
    def __new__(cls, name, bases, namespace, **kwargs):
        return super().__new__(cls, name, bases, namespace)
class Made(metaclass=Meta, flag=True):
    __slots__ = ("a",)
    def __getattr__(self, name): return getattr(self, name)
Made().anything
