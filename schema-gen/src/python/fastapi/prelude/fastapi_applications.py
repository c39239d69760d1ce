from _hitchpost import get_openapi
from starlette.applications import Starlette
from starlette.datastructures import State

from fastapi import routing
from fastapi.datastructures import Default
from fastapi.routing import Methods


class FastAPI(Methods, Starlette):
    def __init__(
        self,
        *,
        telemetry=None,
        debug=False,
        routes=None,
        title="FastAPI",
        summary=None,
        description="",
        version="0.1.0",
        openapi_url="/openapi.json",
        openapi_tags=None,
        servers=None,
        dependencies=None,
        default_response_class=routing.DEFAULT_RESPONSE_CLASS,
        redirect_slashes=True,
        docs_url="/docs",
        redoc_url="/redoc",
        swagger_ui_oauth2_redirect_url="/docs/oauth2-redirect",
        swagger_ui_init_oauth=None,
        middleware=None,
        exception_handlers=None,
        on_startup=None,
        on_shutdown=None,
        lifespan=None,
        terms_of_service=None,
        contact=None,
        license_info=None,
        openapi_prefix="",
        root_path="",
        root_path_in_servers=True,
        responses=None,
        callbacks=None,
        webhooks=None,
        deprecated=None,
        include_in_schema=True,
        swagger_ui_parameters=None,
        generate_unique_id_function=routing.DEFAULT_UNIQUE_ID,
        separate_input_output_schemas=True,
        openapi_external_docs=None,
        strict_content_type=routing.DEFAULT_STRICT,
        max_body_size=None,
        form_limits=None,
        **extra,
    ):
        self.debug = debug
        self.title = title
        self.summary = summary
        self.description = description
        self.version = version
        self.terms_of_service = terms_of_service
        self.contact = contact
        self.license_info = license_info
        self.openapi_url = openapi_url
        self.openapi_tags = openapi_tags
        self.root_path_in_servers = root_path_in_servers
        self.docs_url = docs_url
        self.redoc_url = redoc_url
        self.swagger_ui_oauth2_redirect_url = swagger_ui_oauth2_redirect_url
        self.swagger_ui_init_oauth = swagger_ui_init_oauth
        self.swagger_ui_parameters = swagger_ui_parameters
        self.servers = servers or []
        self.separate_input_output_schemas = separate_input_output_schemas
        self.openapi_external_docs = openapi_external_docs
        self.extra = extra
        self.openapi_version = "3.1.0"
        self.openapi_schema = None
        self._openapi_routes_version = None
        self.webhooks = webhooks or routing.APIRouter()
        self.root_path = root_path or openapi_prefix
        self.state = State()
        self.dependency_overrides = {}
        self.max_body_size = max_body_size
        self.router = routing.APIRouter(
            routes=routes,
            redirect_slashes=redirect_slashes,
            dependency_overrides_provider=self,
            on_startup=on_startup,
            on_shutdown=on_shutdown,
            lifespan=lifespan,
            default_response_class=default_response_class,
            dependencies=dependencies,
            callbacks=callbacks,
            deprecated=deprecated,
            include_in_schema=include_in_schema,
            responses=responses,
            generate_unique_id_function=generate_unique_id_function,
            strict_content_type=strict_content_type,
        )
        self.exception_handlers = {} if exception_handlers is None else dict(exception_handlers)
        self.user_middleware = [] if middleware is None else list(middleware)
        self.middleware_stack = None
        self.setup()

    def openapi(self):
        version = self.router._get_routes_version()
        if not self.openapi_schema or self._openapi_routes_version != version:
            self.openapi_schema = get_openapi(
                title=self.title,
                version=self.version,
                openapi_version=self.openapi_version,
                summary=self.summary,
                description=self.description,
                terms_of_service=self.terms_of_service,
                contact=self.contact,
                license_info=self.license_info,
                routes=self.routes,
                webhooks=self.webhooks.routes,
                tags=self.openapi_tags,
                servers=self.servers,
                separate_input_output_schemas=self.separate_input_output_schemas,
                external_docs=self.openapi_external_docs,
            )
            self._openapi_routes_version = version
        return self.openapi_schema

    def setup(self):
        async def endpoint(request):
            pass

        if self.openapi_url:
            self.add_route(self.openapi_url, endpoint, name="openapi", include_in_schema=False)
        if self.openapi_url and self.docs_url:
            self.add_route(self.docs_url, endpoint, name="swagger_ui_html", include_in_schema=False)
            if self.swagger_ui_oauth2_redirect_url:
                self.add_route(
                    self.swagger_ui_oauth2_redirect_url,
                    endpoint,
                    name="swagger_ui_redirect",
                    include_in_schema=False,
                )
        if self.openapi_url and self.redoc_url:
            self.add_route(self.redoc_url, endpoint, name="redoc_html", include_in_schema=False)

    def add_api_route(self, path, endpoint, **given):
        self.router.add_api_route(path, endpoint=endpoint, **given)

    def api_route(self, path, **given):
        def decorator(func):
            self.router.add_api_route(path, func, **given)
            return func

        return decorator

    def _method(self, method, path, given):
        return getattr(self.router, method.lower())(path, **given)

    def add_api_websocket_route(self, path, endpoint, name=None, *, dependencies=None):
        self.router.add_api_websocket_route(path, endpoint, name=name, dependencies=dependencies)

    def websocket(self, path, name=None, *, dependencies=None):
        def decorator(func):
            self.add_api_websocket_route(path, func, name=name, dependencies=dependencies)
            return func

        return decorator

    def include_router(self, router, **given):
        self.router.include_router(router, **given)

    def frontend(self, path, *, directory, fallback="auto", check_dir="auto"):
        pass

    def websocket_route(self, path, name=None):
        def decorator(func):
            self.router.add_websocket_route(path, func, name=name)
            return func

        return decorator

    def on_event(self, event_type):
        return self.router.on_event(event_type)

    def add_event_handler(self, event_type, func):
        self.router.add_event_handler(event_type, func)

    def middleware(self, middleware_type):
        def decorator(func):
            return func

        return decorator

    def exception_handler(self, exc_class_or_status_code):
        def decorator(func):
            self.add_exception_handler(exc_class_or_status_code, func)
            return func

        return decorator
