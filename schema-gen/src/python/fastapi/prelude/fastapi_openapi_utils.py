from _hitchpost import get_openapi

from fastapi.openapi.constants import METHODS_WITH_BODY, REF_PREFIX
