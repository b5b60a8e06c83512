"""What the OpenAPI document says of keys and errors, of every operation what it can really answer."""

from typing import Any, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse

from apps.platform.api.negotiation import JsonOnly
from apps.platform.services.api_keys import PUBLIC_SCOPES
from epicml.audience.bands import CODES

ERROR_NAME = "Error"
ERROR_SCHEMA = {
    "type": "object",
    "description": "The one shape of every error.",
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
BAND_NAME = "AgeBand"
_BAND = {"$ref": f"#/components/schemas/{BAND_NAME}"}
_ERROR = {"$ref": f"#/components/schemas/{ERROR_NAME}"}
_RETRY_AFTER = {
    "Retry-After": {
        "description": "After how many seconds to ask again.",
        "schema": {"type": "integer", "minimum": 1},
    }
}
_CHALLENGE = {"WWW-Authenticate": {"description": "How to authenticate.", "schema": {"type": "string"}}}
_BODIES = {"POST", "PUT", "PATCH"}


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """API keys are bearer tokens; where a page may ask, a token of its reader may come with them."""

    target_class = "apps.platform.api.authentication.ApiKeyAuthentication"
    name = ["apiKey", "readerToken"]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        scope = getattr(auto_schema.view, "scopes", {}).get(auto_schema.method)
        alone: dict[str, list[Any]] = {"apiKey": []}
        return [alone, {**alone, "readerToken": []}] if scope in PUBLIC_SCOPES else [alone]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        says = "Who reads: a token from POST /api/v1/readers/{key}/tokens. With a public key nobody is known without."
        return [
            {"type": "http", "scheme": "bearer", "description": "An API key: epic_sk_… or epic_pk_…"},
            {"type": "apiKey", "in": "header", "name": "X-Reader-Token", "description": says},
        ]


def refusal(says: str) -> OpenApiResponse:
    """An error that one operation can answer beyond those that all have: responses={409: refusal("…")}."""
    return OpenApiResponse(_ERROR, description=says)


class ApiSchema(AutoSchema):
    """An operation with every error it can answer, and with the body of a DELETE that takes one.

    405 is no answer of an operation: the document names every method that a path has.
    """

    def _get_request_body(self, direction: Literal["request", "response"] = "request") -> Any:
        shape = getattr(self.view, "delete_body", None) if self.method == "DELETE" else None
        if shape is None:
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        component = self.resolve_serializer(shape, direction)
        return {"content": {"application/json": {"schema": component.ref}}, "required": False}

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> Any:
        responses = super()._get_response_bodies(direction)
        if not any(self.get_auth()):
            return responses
        for status, answer in self._errors().items():
            responses.setdefault(status, answer)
        return dict(sorted(responses.items()))

    def _errors(self) -> dict[str, Any]:
        found = {
            "400": _answer("The request has errors; `fields` names each."),
            "401": _answer("There is no valid API key, or the reader's token is not valid (any more).", _CHALLENGE),
            "403": _answer(
                "The key does not have the scope for that, does not belong to the page that asks, or asks for a reader "
                "who is not proven."
            ),
            "429": _answer("The limit of the key is used up.", _RETRY_AFTER),
            "500": _answer("Something went wrong here; the message has the id under which the log has it."),
        }
        if "{" in self.path and self.method != "PUT":  # which adds what is not there
            found["404"] = _answer("What the address names does not exist.")
        if getattr(self.view, "content_negotiation_class", None) is not JsonOnly:
            found["406"] = _answer("The Accept header takes no JSON.")
        if self._takes_a_body():
            found["413"] = _answer("The body is larger than 1 MiB.")
        return found

    def _takes_a_body(self) -> bool:
        if self.method == "DELETE":
            return hasattr(self.view, "delete_body")
        return self.method in _BODIES and self.get_request_serializer() is not None


def _answer(says: str, headers: dict[str, Any] | None = None) -> dict[str, Any]:
    content = {"application/json": {"schema": _ERROR}}
    return {**({"headers": headers} if headers else {}), "content": content, "description": says}


def name_shared_shapes(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """The shape of all errors and the age bands stand once in the document, so that a client has one type for each."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    _name_bands(result)
    schemas[ERROR_NAME] = ERROR_SCHEMA
    schemas[BAND_NAME] = {"type": "string", "enum": list(CODES.values()), "description": "Ages, youngest first."}
    return result


def _name_bands(part: Any) -> None:
    """Wherever the age bands are written out, refer to them. Beside a reference nothing else counts, hence allOf.

    A choice that may be null is written in the same way: as one more value null makes types of its own in clients.
    """
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        _name_bands(inner)
    if not isinstance(part, dict) or not isinstance(part.get("enum"), list):
        return
    part.pop("x-spec-enum-id", None)
    values = [value for value in part["enum"] if value is not None]
    shape = _BAND if values == list(CODES.values()) else {"type": "string", "enum": values}
    if shape is not _BAND and not part.get("nullable"):
        return
    kept = {name: part[name] for name in ("description", "nullable") if name in part}
    part.clear()
    part.update({"allOf": [shape], **kept} if kept else shape)
