import os


class EnvironError(Exception):
    pass


class Environ(dict):
    pass


environ = os.environ
UNDEFINED = object()
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class Config:
    def __init__(self, env_file=None, environ=environ, env_prefix="", encoding="utf-8"):
        self.environ = environ
        self.env_prefix = env_prefix

    def __call__(self, key, cast=None, default=UNDEFINED):
        return self.get(key, cast, default)

    def get(self, key, cast=None, default=UNDEFINED):
        key = self.env_prefix + key
        value = self.environ.get(key, default)
        if value is UNDEFINED:
            raise KeyError(key)
        if cast is None or value is None:
            return value
        if cast is bool and isinstance(value, str):
            return BOOLEANS[value.lower()]
        return cast(value)
