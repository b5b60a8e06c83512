"""What the OpenAPI document says of keys and errors, for every operation alike."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

ERROR_NAME = "Error"
ERROR_SCHEMA = {
    "type": "object",
    "required": ["code", "message", "fields"],
    "properties": {
        "code": {"type": "string", "description": "For programs: stable.", "example": "invalid"},
        "message": {"type": "string", "description": "For people: one sentence."},
        "fields": {
            "type": "object",
            "description": "What is wrong with each field of the request.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}
_ANSWERS = {
    "400": "The request has errors.",
    "401": "There is no valid API key.",
    "403": "The key may not do that.",
    "429": "The key's limit is used up; Retry-After says for how many seconds.",
}
_METHODS = {"get", "post", "put", "patch", "delete"}


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """API keys are bearer tokens."""

    target_class = "apps.platform.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "An API key: epic_sk_… or epic_pk_…"}


def add_errors(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Every operation that needs a key answers errors in the one shape."""
    result.setdefault("components", {}).setdefault("schemas", {})[ERROR_NAME] = ERROR_SCHEMA
    for methods in result["paths"].values():
        for name, operation in methods.items():
            if name in _METHODS and operation.get("security"):
                _describe_errors(operation)
    return result


def _describe_errors(operation: dict[str, Any]) -> None:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{ERROR_NAME}"}}}
    found = {"404": "What the address names does not exist."} if "parameters" in operation else {}
    for status, description in sorted({**_ANSWERS, **found}.items()):
        operation["responses"].setdefault(status, {"description": description, "content": content})
