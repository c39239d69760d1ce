from abc import ABC


class AbstractContextManager(ABC):
    def __enter__(self):
        return self

    def __exit__(self, exc_type, exc_value, traceback):
        return None


class AbstractAsyncContextManager(ABC):
    async def __aenter__(self):
        return self

    async def __aexit__(self, exc_type, exc_value, traceback):
        return None


class nullcontext:
    def __init__(self, enter_result=None):
        self.enter_result = enter_result

    def __enter__(self):
        return self.enter_result

    def __exit__(self, *excinfo):
        pass

    async def __aenter__(self):
        return self.enter_result

    async def __aexit__(self, *excinfo):
        pass


class closing:
    def __init__(self, thing):
        self.thing = thing

    def __enter__(self):
        return self.thing

    def __exit__(self, *excinfo):
        self.thing.close()


class suppress:
    def __init__(self, *exceptions):
        self._exceptions = exceptions

    def __enter__(self):
        pass

    def __exit__(self, exc_type, exc_value, traceback):
        return exc_type is not None and issubclass(exc_type, self._exceptions)


class ExitStack:
    def __init__(self):
        self._callbacks = []

    def __enter__(self):
        return self

    def __exit__(self, *excinfo):
        self.close()

    def enter_context(self, manager):
        result = manager.__enter__()
        self._callbacks.append((manager.__exit__, (None, None, None), {}))
        return result

    def push(self, exit):
        self._callbacks.append((exit.__exit__, (None, None, None), {}))
        return exit

    def callback(self, callback, /, *args, **kwargs):
        self._callbacks.append((callback, args, kwargs))
        return callback

    def pop_all(self):
        other = type(self)()
        other._callbacks = self._callbacks
        self._callbacks = []
        return other

    def close(self):
        while self._callbacks:
            callback, args, kwargs = self._callbacks.pop()
            callback(*args, **kwargs)
