"""Read the JSON of a body: of bounded size and depth, without what no database takes."""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

import orjson
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from rest_framework.request import Request

from apps.platform.services.errors import EpicmlError

LARGEST_BODY = 1_048_576
DEEPEST = 32


class InvalidInputError(EpicmlError):
    """What was sent has errors; `fields` says for each field what is wrong."""

    code = "invalid"

    def __init__(self, fields: Mapping[str, list[str]]) -> None:
        name, reasons = next(iter(fields.items()))
        super().__init__(f"The request has errors: {name}: {reasons[0]}", fields=fields)


class LengthMissingError(EpicmlError):
    """A body in pieces, whose end nobody said: it would be read as an empty one."""

    code = "length_required"
    status = 411

    def __init__(self) -> None:
        super().__init__("Send the body in one piece, with its Content-Length and without Transfer-Encoding.")


def json_body(request: Request | HttpRequest, *, apart: str = "") -> Any:
    """Read the body as JSON values without NUL, lone surrogates, NaN or infinity, at most DEEPEST levels deep.

    A NUL in the field that `apart` names does not refuse the body: its reader refuses it, or it is not read at all.
    """
    body = sent_body(request)
    if not body.strip():
        raise InvalidInputError({"body": ["The body is empty; send JSON."]})
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        where = f"{error.msg}, line {error.lineno} column {error.colno}"
        raise InvalidInputError({"body": [f"This is not JSON: {where}."]}) from error
    _check_depth(data)
    if (
        b"\\u0000" in body
    ):  # orjson refuses a raw NUL itself, and databases refuse an escaped one with an error of theirs
        _check_no_nul({**data, apart: None} if apart and isinstance(data, dict) else data)
    return data


def sent_body(request: Request | HttpRequest) -> bytes:
    """Return the body as it came, of at most LARGEST_BODY bytes."""
    if request.META.get("HTTP_TRANSFER_ENCODING") and not request.META.get("CONTENT_LENGTH"):
        raise LengthMissingError
    length = request.META.get("CONTENT_LENGTH") or "0"
    if length.isdecimal() and int(length) > LARGEST_BODY:
        raise RequestDataTooBig
    body: bytes = request.body
    if len(body) > LARGEST_BODY:
        raise RequestDataTooBig
    return body


def _check_depth(data: Any) -> None:
    level = [data] if isinstance(data, dict | list) else []
    for _ in range(DEEPEST):
        inside = chain.from_iterable(one.values() if isinstance(one, dict) else one for one in level)
        level = [part for part in inside if isinstance(part, dict | list)]
        if not level:
            return
    raise InvalidInputError({"body": [f"The JSON is nested more than {DEEPEST} levels deep."]})


def _check_no_nul(data: Any) -> None:
    level = [("body", data)]
    while level:
        for name, value in level:
            if isinstance(value, str) and "\0" in value:
                raise InvalidInputError({name: ["Text may not contain the NUL character."]})
        level = [pair for name, value in level for pair in _named_parts(name, value)]


def _named_parts(name: str, value: Any) -> Iterable[tuple[str, Any]]:
    """Yield what is inside a value, each part under the name of the nearest field that holds it."""
    if isinstance(value, Mapping):
        yield from ((str(key).replace("\0", "\\0"), part) for key, part in value.items())
        yield from (("body", key) for key in value)
    elif isinstance(value, list):
        yield from ((name, part) for part in value)
