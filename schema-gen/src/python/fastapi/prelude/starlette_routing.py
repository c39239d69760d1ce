from _hitchpost import path_format


class NoMatchFound(Exception):
    pass


def get_name(endpoint):
    return getattr(endpoint, "__name__", endpoint.__class__.__name__)


class BaseRoute:
    pass


class Route(BaseRoute):
    def __init__(self, path, endpoint, *, methods=None, name=None, include_in_schema=True, **given):
        self.path = path
        self.endpoint = endpoint
        self.name = get_name(endpoint) if name is None else name
        self.include_in_schema = include_in_schema
        self.methods = {method.upper() for method in (methods or ["GET"])}
        if "GET" in self.methods:
            self.methods.add("HEAD")
        self.path_format = path_format(path)


class WebSocketRoute(BaseRoute):
    def __init__(self, path, endpoint, *, name=None, **given):
        self.path = path
        self.endpoint = endpoint
        self.name = get_name(endpoint) if name is None else name
        self.path_format = path_format(path)


class Mount(BaseRoute):
    def __init__(self, path, app=None, routes=None, name=None, **given):
        self.path = path.rstrip("/")
        self.app = Router(routes=routes) if app is None else app
        self.name = name

    @property
    def routes(self):
        return getattr(self.app, "routes", [])


class Host(BaseRoute):
    def __init__(self, host, app, name=None):
        self.host = host
        self.app = app
        self.name = name


class Router:
    def __init__(self, routes=None, redirect_slashes=True, default=None, lifespan=None, **given):
        self.routes = [] if routes is None else list(routes)
        self.redirect_slashes = redirect_slashes
        self.lifespan_context = lifespan

    def mount(self, path, app, name=None):
        self.routes.append(Mount(path, app=app, name=name))

    def host(self, host, app, name=None):
        self.routes.append(Host(host, app=app, name=name))

    def add_route(self, path, endpoint, methods=None, name=None, include_in_schema=True):
        self.routes.append(
            Route(path, endpoint=endpoint, methods=methods, name=name, include_in_schema=include_in_schema)
        )

    def add_websocket_route(self, path, endpoint, name=None):
        self.routes.append(WebSocketRoute(path, endpoint=endpoint, name=name))
