from _hitchpost import writes
from fastapi.openapi.models import APIKey, APIKeyIn
from fastapi.openapi.models import HTTPBase as HTTPBaseModel
from fastapi.openapi.models import HTTPBearer as HTTPBearerModel
from fastapi.openapi.models import OAuth2 as OAuth2Model
from fastapi.openapi.models import OAuthFlows as OAuthFlowsModel
from fastapi.openapi.models import OpenIdConnect as OpenIdConnectModel
from fastapi.param_functions import Form
from pydantic import BaseModel
from starlette.requests import HTTPConnection
from typing import Annotated

_GRANT_TYPE = "^password$" if writes("WholeGrantType") else "password"
_SECRET = {"format": "password"} if writes("PasswordFormat") else None


class HTTPBasicCredentials(BaseModel):
    username: str
    password: str


class HTTPAuthorizationCredentials(BaseModel):
    scheme: str
    credentials: str


class SecurityBase:
    async def __call__(self, request: HTTPConnection):
        pass


class _APIKey(SecurityBase):
    def __init__(self, *, name, scheme_name=None, description=None, auto_error=True):
        self.model = APIKey(**{"in": self._in}, name=name, description=description)
        self.scheme_name = scheme_name or self.__class__.__name__
        self.auto_error = auto_error

    async def __call__(self, request: HTTPConnection) -> str | None:
        pass


class APIKeyQuery(_APIKey):
    _in = APIKeyIn.query


class APIKeyHeader(_APIKey):
    _in = APIKeyIn.header


class APIKeyCookie(_APIKey):
    _in = APIKeyIn.cookie


class HTTPBase(SecurityBase):
    def __init__(self, *, scheme, scheme_name=None, description=None, auto_error=True):
        self.model = HTTPBaseModel(scheme=scheme, description=description)
        self.scheme_name = scheme_name or self.__class__.__name__
        self.auto_error = auto_error

    async def __call__(self, request: HTTPConnection) -> HTTPAuthorizationCredentials | None:
        pass


class HTTPBasic(HTTPBase):
    def __init__(self, *, scheme_name=None, realm=None, description=None, auto_error=True):
        super().__init__(scheme="basic", scheme_name=scheme_name, description=description, auto_error=auto_error)
        self.realm = realm

    async def __call__(self, request: HTTPConnection) -> HTTPBasicCredentials | None:
        pass


class HTTPBearer(HTTPBase):
    def __init__(self, *, bearerFormat=None, scheme_name=None, description=None, auto_error=True):
        self.model = HTTPBearerModel(bearerFormat=bearerFormat, description=description)
        self.scheme_name = scheme_name or self.__class__.__name__
        self.auto_error = auto_error


class HTTPDigest(HTTPBase):
    def __init__(self, *, scheme_name=None, description=None, auto_error=True):
        super().__init__(scheme="digest", scheme_name=scheme_name, description=description, auto_error=auto_error)


class OAuth2PasswordRequestForm:
    def __init__(
        self,
        *,
        grant_type: Annotated[str | None, Form(pattern=_GRANT_TYPE)] = None,
        username: Annotated[str, Form()],
        password: Annotated[str, Form(json_schema_extra=_SECRET)],
        scope: Annotated[str, Form()] = "",
        client_id: Annotated[str | None, Form()] = None,
        client_secret: Annotated[str | None, Form(json_schema_extra=_SECRET)] = None,
    ):
        pass


class OAuth2PasswordRequestFormStrict(OAuth2PasswordRequestForm):
    def __init__(
        self,
        grant_type: Annotated[str, Form(pattern=_GRANT_TYPE)],
        username: Annotated[str, Form()],
        password: Annotated[str, Form()],
        scope: Annotated[str, Form()] = "",
        client_id: Annotated[str | None, Form()] = None,
        client_secret: Annotated[str | None, Form()] = None,
    ):
        pass


class OAuth2(SecurityBase):
    def __init__(self, *, flows=None, scheme_name=None, description=None, auto_error=True):
        if flows is None:
            flows = OAuthFlowsModel()
        self.model = OAuth2Model(flows=flows, description=description)
        self.scheme_name = scheme_name or self.__class__.__name__
        self.auto_error = auto_error

    async def __call__(self, request: HTTPConnection) -> str | None:
        pass


class OAuth2PasswordBearer(OAuth2):
    def __init__(
        self, tokenUrl, scheme_name=None, scopes=None, description=None, auto_error=True, refreshUrl=None
    ):
        flow = {"tokenUrl": tokenUrl, "refreshUrl": refreshUrl, "scopes": scopes or {}}
        super().__init__(
            flows=OAuthFlowsModel(password=flow),
            scheme_name=scheme_name,
            description=description,
            auto_error=auto_error,
        )


class OAuth2AuthorizationCodeBearer(OAuth2):
    def __init__(
        self,
        authorizationUrl,
        tokenUrl,
        refreshUrl=None,
        scheme_name=None,
        scopes=None,
        description=None,
        auto_error=True,
    ):
        flow = {
            "authorizationUrl": authorizationUrl,
            "tokenUrl": tokenUrl,
            "refreshUrl": refreshUrl,
            "scopes": scopes or {},
        }
        super().__init__(
            flows=OAuthFlowsModel(authorizationCode=flow),
            scheme_name=scheme_name,
            description=description,
            auto_error=auto_error,
        )


class OpenIdConnect(SecurityBase):
    def __init__(self, *, openIdConnectUrl, scheme_name=None, description=None, auto_error=True):
        self.model = OpenIdConnectModel(openIdConnectUrl=openIdConnectUrl, description=description)
        self.scheme_name = scheme_name or self.__class__.__name__
        self.auto_error = auto_error

    async def __call__(self, request: HTTPConnection) -> str | None:
        pass


class SecurityScopes:
    def __init__(self, scopes: list[str] | None = None):
        self.scopes = scopes or []
        self.scope_str = " ".join(self.scopes)
