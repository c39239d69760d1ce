//! The Python that stands for FastAPI's and Starlette's modules.
//!
//! It keeps what a service says to them, and does with it at import what they do: routes are
//! registered, routers included, defaults inherited. Requests are never served, so that is all
//! there is of them.

/// The text of the module of that name; `None` where names alone do.
pub(crate) fn prelude(dotted: &str) -> Option<&'static str> {
    Some(match dotted {
        "fastapi" => include_str!("prelude/fastapi.py"),
        "fastapi.applications" => include_str!("prelude/fastapi_applications.py"),
        "fastapi.background" => include_str!("prelude/fastapi_background.py"),
        "fastapi.datastructures" => include_str!("prelude/fastapi_datastructures.py"),
        "fastapi.encoders" => include_str!("prelude/fastapi_encoders.py"),
        "fastapi.exceptions" => include_str!("prelude/fastapi_exceptions.py"),
        "fastapi.openapi.constants" => include_str!("prelude/fastapi_openapi_constants.py"),
        "fastapi.openapi.models" => include_str!("prelude/fastapi_openapi_models.py"),
        "fastapi.openapi.utils" => include_str!("prelude/fastapi_openapi_utils.py"),
        "fastapi.param_functions" => include_str!("prelude/fastapi_param_functions.py"),
        "fastapi.params" => include_str!("prelude/fastapi_params.py"),
        "fastapi.requests" => "from starlette.requests import HTTPConnection, Request\n",
        "fastapi.responses" => include_str!("prelude/fastapi_responses.py"),
        "fastapi.routing" => include_str!("prelude/fastapi_routing.py"),
        "fastapi.security" => include_str!("prelude/fastapi_security.py"),
        "fastapi.security.api_key"
        | "fastapi.security.base"
        | "fastapi.security.http"
        | "fastapi.security.oauth2"
        | "fastapi.security.open_id_connect_url" => "from fastapi.security import *\n",
        "fastapi.sse" => include_str!("prelude/fastapi_sse.py"),
        "fastapi.utils" => include_str!("prelude/fastapi_utils.py"),
        "fastapi.websockets" => "from starlette.websockets import WebSocket, WebSocketDisconnect\n",
        "starlette.applications" => include_str!("prelude/starlette_applications.py"),
        "starlette.background" => include_str!("prelude/starlette_background.py"),
        "starlette.config" => include_str!("prelude/starlette_config.py"),
        "starlette.datastructures" => include_str!("prelude/starlette_datastructures.py"),
        "starlette.exceptions" => include_str!("prelude/starlette_exceptions.py"),
        "starlette.requests" => include_str!("prelude/starlette_requests.py"),
        "starlette.responses" => include_str!("prelude/starlette_responses.py"),
        "starlette.routing" => include_str!("prelude/starlette_routing.py"),
        "starlette.status" => include_str!("prelude/starlette_status.py"),
        "starlette.websockets" => include_str!("prelude/starlette_websockets.py"),
        _ => return None,
    })
}
