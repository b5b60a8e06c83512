"""What the OpenAPI document says of keys and errors, of every operation what it can really answer."""

from collections.abc import Iterator
from typing import Any, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
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
# Of which answers each is part: of these, and X-Request-Id of all.
_HEADERS = {"401": ["WWW-Authenticate"], "429": ["Retry-After"], "503": ["Retry-After"]}
HEADERS = {
    "X-Request-Id": {
        "description": "The id under which the log has this request; one that was sent comes back, if it has the form.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{8,64}$"},
    },
    "Retry-After": {
        "description": "After how many seconds to ask again.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "WWW-Authenticate": {"description": "How to authenticate.", "required": True, "schema": {"type": "string"}},
}
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


class EachForItselfField(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Lists whose wrong items stop no other: the shape of an item is said, and another one is not forbidden."""

    target_class = "apps.platform.api.strict.EachForItself"

    def map_serializer_field(self, auto_schema: Any, direction: Literal["request", "response"]) -> dict[str, Any]:
        field = self.target
        item = auto_schema.resolve_serializer(field.child, direction).ref
        anything = {"description": "Whatever else is sent here is refused for itself."}
        bounds = {"minItems": field.min_length, "maxItems": field.max_length}
        return {"type": "array", "items": {"anyOf": [item, anything]}, **bounds}


def refusal(says: str) -> OpenApiResponse:
    """Describe an error that one operation can answer beyond those of all: responses={409: refusal("…")}."""
    return OpenApiResponse(_ERROR, description=says)


class ApiSchema(AutoSchema):
    """An operation with every error it can answer, and with the body of a DELETE that takes one.

    405 is no answer of an operation: the document names every method that a path has.
    """

    def _get_request_body(self, direction: Literal["request", "response"] = "request") -> Any:
        shape = getattr(self.view, "delete_body", None) if self.method == "DELETE" else None
        if shape is None:
            body = super()._get_request_body(direction)  # type: ignore[no-untyped-call]
            return {**body, "required": True} if body else None  # even where each of its fields may be left out
        component = self.resolve_serializer(shape, direction)
        return {"content": {"application/json": {"schema": component.ref}}, "required": False}

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> Any:
        responses = super()._get_response_bodies(direction)
        if not any(self.get_auth()):
            return responses
        for status, answer in self._errors().items():
            responses.setdefault(status, answer)
        for status, answer in responses.items():
            names = ["X-Request-Id", *_HEADERS.get(status, ())]
            answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
        return dict(sorted(responses.items()))

    def _errors(self) -> dict[str, Any]:
        found = {
            "400": _answer("The request has errors; `fields` names each."),
            "401": _answer("There is no valid API key, or the reader's token is not valid (any more)."),
            "403": _answer(
                "The key does not have the scope for that, does not belong to the page that asks, or asks for a reader "
                "who is not proven."
            ),
            "429": _answer("The limit of the key is used up."),
            "500": _answer("Something went wrong here; the message has the id under which the log has it."),
            "503": _answer("Something that is needed, such as the database, does not answer now."),
        }
        if "{" in self.path:  # PUT adds what is not there, and even so not at an address with one slash more
            found["404"] = _answer("What the address names does not exist.")
        if getattr(self.view, "content_negotiation_class", None) is not JsonOnly:
            found["406"] = _answer("The Accept header takes no JSON.")
        if self.method == "DELETE":
            takes_a_body = hasattr(self.view, "delete_body")
        else:
            takes_a_body = self.method in _BODIES and self.get_request_serializer() is not None
        if takes_a_body:
            found["408"] = _answer("The body came too slowly.")
            found["411"] = _answer("The server in front handed on a body in pieces, without a Content-Length.")
            found["413"] = _answer("The body is larger than 1 MiB.")
        return found


def _answer(says: str) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": _ERROR}}, "description": says}


def name_shared_shapes(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Write the shape of all errors and the age bands once, so that a client has one type for each."""
    components = result.setdefault("components", {})
    components["headers"] = HEADERS
    schemas = components.setdefault("schemas", {})
    _name_bands(result)
    schemas[ERROR_NAME] = ERROR_SCHEMA
    schemas[BAND_NAME] = {"type": "string", "enum": list(CODES.values()), "description": "Ages, youngest first."}
    return result


def _name_bands(part: Any) -> None:
    """Refer to the age bands wherever they are written out. Beside a reference nothing else counts, hence allOf.

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


def shut_requests(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Say of every object that is sent that a field which is not described is refused."""
    schemas = result["components"]["schemas"]
    operations = [operation for path in result["paths"].values() for operation in path.values()]
    waiting = list(_references([operation.get("requestBody") for operation in operations]))
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            if "properties" in schemas[name]:
                schemas[name].setdefault("additionalProperties", False)
            waiting.extend(_references(schemas[name]))
    return result


def _references(part: Any) -> Iterator[str]:
    """Yield the names of the shapes that this part of the document refers to."""
    if isinstance(part, dict) and isinstance(part.get("$ref"), str):
        yield part["$ref"].rpartition("/")[2]
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from _references(inner)
