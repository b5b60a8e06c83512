"""Read the JSON of a body: of bounded size and depth, without what no database takes."""

import codecs
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
GZIP = b"\x1f\x8b"
BYTE_ORDER_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)  # LE: as of UTF-16


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
        raise InvalidInputError({"body": [_why_not_json(request, body, error)]}) from error
    _check_depth(data)
    if (
        b"\\u0000" in body
    ):  # orjson refuses a raw NUL itself, and databases refuse an escaped one with an error of theirs
        _check_no_nul({**data, apart: None} if apart and isinstance(data, dict) else data)
    return data


def _why_not_json(request: Request | HttpRequest, body: bytes, error: orjson.JSONDecodeError) -> str:
    """Say what to do about a body that is no JSON; of one in another coding the parser's own words mislead."""
    coding = request.META.get("HTTP_CONTENT_ENCODING", "")
    if coding.lower() not in {"", "identity"} or body.startswith(GZIP):
        return "The body is compressed: send it as it is, without Content-Encoding."
    if body.startswith(BYTE_ORDER_MARKS) or b"\0" in body[:2]:
        return "Send JSON in UTF-8, without a byte order mark: this body begins with one, or is in UTF-16 or UTF-32."
    try:
        body.decode()
    except UnicodeDecodeError as wrong:
        return f"Send JSON in UTF-8: byte {wrong.start + 1} of this body is not."
    return f"This is not JSON: {error.msg}, line {error.lineno} column {error.colno}."


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
