from _hitchpost import either, first_given, has_body, is_router, join, path_format, populate, unique_id
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Host, Match, Mount, NoMatchFound, Route, Router, WebSocketRoute, get_name

from fastapi.datastructures import Default, DefaultPlaceholder
from fastapi.exceptions import FastAPIError


def generate_unique_id(route):
    return unique_id(route.name, route.path_format, list(route.methods)[0])


DEFAULT_MODEL = Default(None)
DEFAULT_RESPONSE_CLASS = Default(JSONResponse)
DEFAULT_UNIQUE_ID = Default(generate_unique_id)
DEFAULT_STRICT = Default(True)

# What the decorators of methods pass on where it is not given: overriding methods see all of it.
OPERATION_DEFAULTS = {
    "response_model": DEFAULT_MODEL,
    "status_code": None,
    "tags": None,
    "dependencies": None,
    "summary": None,
    "description": None,
    "response_description": "Successful Response",
    "responses": None,
    "deprecated": None,
    "operation_id": None,
    "response_model_include": None,
    "response_model_exclude": None,
    "response_model_by_alias": True,
    "response_model_exclude_unset": False,
    "response_model_exclude_defaults": False,
    "response_model_exclude_none": False,
    "include_in_schema": True,
    "response_class": DEFAULT_RESPONSE_CLASS,
    "name": None,
    "callbacks": None,
    "openapi_extra": None,
    "generate_unique_id_function": DEFAULT_UNIQUE_ID,
}


class _BodyField:
    # A service may say of which side of its types the schema of the body is.
    mode = "validation"


class APIRoute(Route):
    def __init__(self, path, endpoint, *, form_limits=None, **given):
        self.form_limits = form_limits
        self._body_field = None
        populate(self, path, endpoint, **given)

    @property
    def body_field(self):
        if self._body_field is None and has_body(self):
            self._body_field = _BodyField()
        return self._body_field

    def get_route_handler(self):
        async def handler(request):
            pass

        return handler


class APIWebSocketRoute(WebSocketRoute):
    def __init__(self, path, endpoint, *, name=None, dependencies=None, dependency_overrides_provider=None):
        self.path = path
        self.endpoint = endpoint
        self.name = get_name(endpoint) if name is None else name
        self.dependencies = list(dependencies or [])
        self.path_format = path_format(path)


class _Inclusion:
    def __init__(
        self,
        included_router,
        prefix,
        tags,
        dependencies,
        default_response_class,
        responses,
        callbacks,
        deprecated,
        include_in_schema,
        generate_unique_id_function,
        chain=None,
    ):
        # The inclusions that this one is made of.
        self.chain = [self] if chain is None else chain
        self.included_router = included_router
        self.prefix = prefix
        self.tags = tags
        self.dependencies = dependencies
        self.default_response_class = default_response_class
        self.responses = responses
        self.callbacks = callbacks
        self.deprecated = deprecated
        self.include_in_schema = include_in_schema
        self.generate_unique_id_function = generate_unique_id_function

    def combine(self, child):
        return _Inclusion(
            child.included_router,
            join(self.prefix, child.prefix),
            [*self.tags, *child.tags],
            [*self.dependencies, *child.dependencies],
            first_given(child.default_response_class, self.default_response_class),
            {**self.responses, **child.responses},
            [*self.callbacks, *child.callbacks],
            self.deprecated or child.deprecated,
            self.include_in_schema and child.include_in_schema,
            first_given(child.generate_unique_id_function, self.generate_unique_id_function),
            self.chain + child.chain,
        )


class _Effective:
    # The state of a route under an inclusion.
    def __init__(self, original_route, inclusion):
        self.original_route = original_route
        self.inclusion = inclusion
        self.starlette_route = None
        route = original_route
        if not isinstance(route, APIRoute):
            self.starlette_route = route
            self.path = join(inclusion.prefix, getattr(route, "path", ""))
            self.name = getattr(route, "name", None)
            return
        populate(
            self,
            join(inclusion.prefix, route.path),
            route.endpoint,
            response_model=route.response_model,
            status_code=route.status_code,
            tags=[*inclusion.tags, *route.tags],
            dependencies=[*inclusion.dependencies, *route.dependencies],
            summary=route.summary,
            description=route.description,
            response_description=route.response_description,
            responses={**inclusion.responses, **route.responses},
            deprecated=route.deprecated or inclusion.deprecated,
            methods=route.methods,
            operation_id=route.operation_id,
            include_in_schema=route.include_in_schema and inclusion.include_in_schema,
            response_class=first_given(
                route.response_class,
                inclusion.included_router.default_response_class,
                inclusion.default_response_class,
            ),
            name=route.name,
            callbacks=[*inclusion.callbacks, *(route.callbacks or [])],
            openapi_extra=route.openapi_extra,
            generate_unique_id_function=first_given(
                route.generate_unique_id_function,
                inclusion.included_router.generate_unique_id_function,
                inclusion.generate_unique_id_function,
            ),
            stream_item_type=route.stream_item_type,
        )


class _Missing:
    # Stands for the routes of a router that is not known.
    starlette_route = None
    path = None
    name = None

    def __init__(self, router, inclusion):
        self.original_route = self
        self.router = router
        self.inclusion = inclusion


class RouteContext:
    def __init__(self, route, _route_context=None):
        self.route = route
        self._route_context = _route_context

    @property
    def original_route(self):
        if self._route_context is not None:
            return self._route_context.original_route
        return self.route

    def __getattr__(self, name):
        if self._route_context is not None:
            return getattr(self._route_context, name)
        return getattr(self.route, name)


class _IncludedRouter(BaseRoute):
    def __init__(self, original_router, include_context):
        self.original_router = original_router
        self.include_context = include_context
        self._contexts = None
        self._version = None

    def effective_route_contexts(self):
        version = self.original_router._get_routes_version() if is_router(self.original_router) else 0
        if self._contexts is None or self._version != version:
            contexts = []
            routes = self.original_router.routes if is_router(self.original_router) else []
            if not is_router(self.original_router):
                contexts.append(_Missing(self.original_router, self.include_context))
            for route in routes:
                if isinstance(route, _IncludedRouter):
                    child = _IncludedRouter(
                        route.original_router, self.include_context.combine(route.include_context)
                    )
                    contexts.extend(child.effective_route_contexts())
                else:
                    contexts.append(_Effective(route, self.include_context))
            self._contexts = contexts
            self._version = version
        return self._contexts


def _iter_routes_with_context(routes):
    found = []
    for route in routes:
        if isinstance(route, _IncludedRouter):
            for context in route.effective_route_contexts():
                found.append((context.original_route, context))
        else:
            found.append((route, None))
    return found


def iter_route_contexts(routes):
    found = []
    for route in routes:
        if isinstance(route, RouteContext):
            found.append(route)
        else:
            for original, context in _iter_routes_with_context([route]):
                found.append(RouteContext(original, context))
    return found


class Methods:
    def get(self, path, **given):
        return self._method("GET", path, given)

    def put(self, path, **given):
        return self._method("PUT", path, given)

    def post(self, path, **given):
        return self._method("POST", path, given)

    def delete(self, path, **given):
        return self._method("DELETE", path, given)

    def options(self, path, **given):
        return self._method("OPTIONS", path, given)

    def head(self, path, **given):
        return self._method("HEAD", path, given)

    def patch(self, path, **given):
        return self._method("PATCH", path, given)

    def trace(self, path, **given):
        return self._method("TRACE", path, given)


class APIRouter(Methods, Router):
    def __init__(
        self,
        *,
        prefix="",
        tags=None,
        dependencies=None,
        default_response_class=DEFAULT_RESPONSE_CLASS,
        responses=None,
        callbacks=None,
        routes=None,
        redirect_slashes=True,
        default=None,
        dependency_overrides_provider=None,
        route_class=APIRoute,
        on_startup=None,
        on_shutdown=None,
        lifespan=None,
        deprecated=None,
        include_in_schema=True,
        generate_unique_id_function=DEFAULT_UNIQUE_ID,
        strict_content_type=DEFAULT_STRICT,
        max_body_size=None,
        form_limits=None,
    ):
        super().__init__(routes=routes, redirect_slashes=redirect_slashes, default=default, lifespan=lifespan)
        if prefix:
            assert prefix.startswith("/"), "A path prefix must start with '/'"
            assert not prefix.endswith("/"), "A path prefix must not end with '/'"
        self.on_startup = [] if on_startup is None else list(on_startup)
        self.on_shutdown = [] if on_shutdown is None else list(on_shutdown)
        self.prefix = prefix
        self.tags = tags or []
        self.dependencies = list(dependencies or [])
        self.deprecated = deprecated
        self.include_in_schema = include_in_schema
        self.responses = responses or {}
        self.callbacks = callbacks or []
        self.dependency_overrides_provider = dependency_overrides_provider
        self.route_class = route_class
        self.default_response_class = default_response_class
        self.generate_unique_id_function = generate_unique_id_function
        self.strict_content_type = strict_content_type
        self.max_body_size = max_body_size
        self.form_limits = form_limits
        self._routes_version = 0

    def _mark_routes_changed(self):
        self._routes_version += 1

    def _get_routes_version(self):
        version = self._routes_version
        for route in self.routes:
            if isinstance(route, _IncludedRouter) and is_router(route.original_router):
                version += route.original_router._get_routes_version()
        return version

    def _contains_router(self, router):
        for route in self.routes:
            if isinstance(route, _IncludedRouter) and is_router(route.original_router):
                if route.original_router is router or route.original_router._contains_router(router):
                    return True
        return False

    def add_route(self, path, endpoint, methods=None, name=None, include_in_schema=True):
        super().add_route(path, endpoint, methods=methods, name=name, include_in_schema=include_in_schema)
        self._mark_routes_changed()

    def add_websocket_route(self, path, endpoint, name=None):
        super().add_websocket_route(path, endpoint, name=name)
        self._mark_routes_changed()

    def frontend(self, path, *, directory, fallback="auto", check_dir="auto"):
        self._mark_routes_changed()

    def route(self, path, methods=None, name=None, include_in_schema=True):
        def decorator(func):
            self.add_route(path, func, methods=methods, name=name, include_in_schema=include_in_schema)
            return func

        return decorator

    def add_api_route(
        self,
        path,
        endpoint,
        *,
        tags=None,
        dependencies=None,
        responses=None,
        deprecated=None,
        include_in_schema=True,
        response_class=DEFAULT_RESPONSE_CLASS,
        route_class_override=None,
        callbacks=None,
        generate_unique_id_function=DEFAULT_UNIQUE_ID,
        strict_content_type=DEFAULT_STRICT,
        max_body_size=None,
        form_limits=None,
        methods=None,
        **given,
    ):
        route_class = route_class_override or self.route_class
        if form_limits is not None:
            given["form_limits"] = form_limits
        route = route_class(
            join(self.prefix, path),
            endpoint=endpoint,
            **{
                **OPERATION_DEFAULTS,
                **given,
                "tags": [*self.tags, *either(tags, [])],
                "dependencies": [*self.dependencies, *either(dependencies, [])],
                "responses": {**self.responses, **either(responses, {})},
                "deprecated": deprecated or self.deprecated,
                "methods": methods,
                "include_in_schema": include_in_schema and self.include_in_schema,
                "response_class": first_given(response_class, self.default_response_class),
                "callbacks": [*self.callbacks, *either(callbacks, [])],
                "generate_unique_id_function": first_given(
                    generate_unique_id_function, self.generate_unique_id_function
                ),
                "dependency_overrides_provider": self.dependency_overrides_provider,
                "strict_content_type": first_given(strict_content_type, self.strict_content_type),
                "max_body_size": max_body_size,
            },
        )
        self.routes.append(route)
        self._mark_routes_changed()

    def api_route(self, path, **given):
        given = {**OPERATION_DEFAULTS, "methods": None, **given}

        def decorator(func):
            self.add_api_route(path, func, **given)
            return func

        return decorator

    def _method(self, method, path, given):
        return self.api_route(path=path, **{**OPERATION_DEFAULTS, **given, "methods": [method]})

    def add_api_websocket_route(self, path, endpoint, name=None, *, dependencies=None):
        route = APIWebSocketRoute(
            join(self.prefix, path),
            endpoint=endpoint,
            name=name,
            dependencies=[*self.dependencies, *either(dependencies, [])],
            dependency_overrides_provider=self.dependency_overrides_provider,
        )
        self.routes.append(route)
        self._mark_routes_changed()

    def websocket(self, path, name=None, *, dependencies=None):
        def decorator(func):
            self.add_api_websocket_route(path, func, name=name, dependencies=dependencies)
            return func

        return decorator

    def websocket_route(self, path, name=None):
        def decorator(func):
            self.add_websocket_route(path, func, name=name)
            return func

        return decorator

    def include_router(
        self,
        router,
        *,
        prefix="",
        tags=None,
        dependencies=None,
        default_response_class=DEFAULT_RESPONSE_CLASS,
        responses=None,
        callbacks=None,
        deprecated=None,
        include_in_schema=True,
        generate_unique_id_function=DEFAULT_UNIQUE_ID,
        max_body_size=None,
        form_limits=None,
    ):
        assert self is not router, "Cannot include the same APIRouter instance into itself"
        if is_router(router):
            assert not router._contains_router(self), "Cannot include an APIRouter that includes this router"
        if prefix:
            assert prefix.startswith("/"), "A path prefix must start with '/'"
            assert not prefix.endswith("/"), "A path prefix must not end with '/'"
        inclusion = _Inclusion(
            router,
            join(self.prefix, prefix),
            [*self.tags, *either(tags, [])],
            [*self.dependencies, *either(dependencies, [])],
            first_given(default_response_class, self.default_response_class),
            {**self.responses, **either(responses, {})},
            [*self.callbacks, *either(callbacks, [])],
            deprecated or self.deprecated,
            self.include_in_schema and include_in_schema,
            first_given(generate_unique_id_function, self.generate_unique_id_function),
        )
        self.routes.append(_IncludedRouter(router, inclusion))
        self._mark_routes_changed()

    def add_event_handler(self, event_type, func):
        if event_type == "startup":
            self.on_startup.append(func)
        else:
            self.on_shutdown.append(func)

    def on_event(self, event_type):
        def decorator(func):
            self.add_event_handler(event_type, func)
            return func

        return decorator
