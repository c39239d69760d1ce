"""Whether a document is OpenAPI at all, by a validator that is not ours."""

from typing import Any


def is_valid(document: Any) -> bool:
    """Whether `openapi-spec-validator` finds nothing wrong."""
    from openapi_spec_validator import OpenAPIV31SpecValidator

    try:
        return next(iter(OpenAPIV31SpecValidator(document).iter_errors()), None) is None
    except Exception:  # of a document far from OpenAPI, it raises what it meets
        return False
