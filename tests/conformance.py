"""Whether an answer is what the published OpenAPI document says of it, whole and with nothing beside it."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import yaml

DOCUMENT = Path(__file__).parents[1] / "docs" / "openapi.yaml"
API = "/api/v1/"
ERROR = {"$ref": "#/components/schemas/Error"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for a method at an address, without its host and its query."""

    method: str
    address: str
    status: int
    headers: Mapping[str, str]
    content: bytes


def differences(answer: Answer) -> list[str]:
    """Say in sentences where the answer is not what is published: status, headers, media type and body."""
    described = _described(answer)
    if described is None:
        return [f"No answer {answer.status} of {answer.method} {answer.address} is published."]
    return [*_of_headers(answer, described), *_of_body(answer, described)]


@cache
def document() -> dict[str, Any]:
    """The document as it is published."""
    found: dict[str, Any] = yaml.load(DOCUMENT.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    return found


def strict(schema: Any) -> Any:
    """The same schema as JSON Schema 2020-12 has it, in which an object has no property that is not described."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: strict(part) for name, part in schema.items() if name not in {"nullable", "properties"}}
    if "properties" in schema:
        found["properties"] = {name: strict(part) for name, part in schema["properties"].items()}
        found.setdefault("additionalProperties", False)
    return {"anyOf": [found, {"type": "null"}]} if schema.get("nullable") is True else found


def _described(answer: Answer) -> dict[str, Any] | None:
    """What the document says of this answer; None where it says that there is none of this status."""
    method = "get" if answer.method == "HEAD" else answer.method.lower()
    operation = next((found for form, found in _paths() if form.fullmatch(answer.address)), {}).get(method)
    if operation is not None:
        found: dict[str, Any] | None = operation["responses"].get(str(answer.status))
        return found
    # What is no operation is described at the top of the document: refused in the shape of every error.
    if answer.method == "OPTIONS" and answer.status in {200, 204}:
        return {}
    return {"content": {"application/json": {"schema": ERROR}}} if answer.status >= 400 else None


@cache
def _paths() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    """Every path as a form of addresses, those with the fewest variable parts first."""
    paths = sorted(document()["paths"].items(), key=lambda path: path[0].count("{"))
    return [(re.compile(re.sub(r"\\{\w+\\}", "[^/]*", re.escape(path)), re.DOTALL), found) for path, found in paths]


def _of_headers(answer: Answer, described: Mapping[str, Any]) -> Iterator[str]:
    sent = {name.lower(): value for name, value in answer.headers.items()}
    for name in described.get("headers", ()):
        header = document()["components"]["headers"][name]
        value = sent.get(name.lower())
        if value is None:
            if header.get("required"):
                yield f"The header {name} is missing."
            continue
        typed = int(value) if header["schema"]["type"] == "integer" and value.isdecimal() else value
        yield from (
            f"The header {name}: {error.message}" for error in _validator(_key(header["schema"])).iter_errors(typed)
        )


def _of_body(answer: Answer, described: Mapping[str, Any]) -> Iterator[str]:
    content = described.get("content")
    if content is None or answer.method == "HEAD":
        if answer.content:
            yield f"There is a body where none is published: {answer.content[:80]!r}"
        return
    headers = {name.lower(): value for name, value in answer.headers.items()}
    media_type = headers.get("content-type", "none").partition(";")[0]
    if media_type not in content:
        yield f"The body is {media_type}, and published is {', '.join(content)}."
        return
    validator = _validator(_key(content[media_type]["schema"]))
    for error in validator.iter_errors(json.loads(answer.content)):
        where = "/".join(map(str, error.instance_path))
        yield f"At /{where}: {error.message[:300]}"


def _key(schema: Mapping[str, Any]) -> str:
    return json.dumps(schema, sort_keys=True)


@cache
def _validator(schema: str) -> Any:
    shapes = document()["components"]["schemas"]
    components = {"schemas": {name: strict(shape) for name, shape in shapes.items()}}
    return jsonschema_rs.Draft202012Validator(
        {**strict(json.loads(schema)), "components": components}, validate_formats=True
    )
