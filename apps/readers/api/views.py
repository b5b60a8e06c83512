"""Readers over the API: a pseudonym and an age band, saved, read, exported and erased."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.platform.api.authentication import actor_of
from apps.platform.api.bounds import part_of_path, text
from apps.platform.api.parsing import Fields, json_body, sent_body
from apps.platform.api.responses import json_response
from apps.platform.api.schema import refusal
from apps.platform.services.api_keys import InvalidKeyError, checked_origin
from apps.platform.services.audit import Action
from apps.platform.services.reader_tokens import DEFAULT_SECONDS, LONGEST_SECONDS, SHORTEST_SECONDS
from apps.readers.api import schema
from apps.readers.selectors import KEY, reader_profile
from apps.readers.services import (
    LEVELS,
    MAX_LANGUAGE,
    MAX_LANGUAGES,
    ReaderInput,
    change_reader,
    erase_reader,
    export_reader,
    issue_reader_token,
    record_access,
    save_reader,
    see_reader,
)
from epicml.audience.asking import READER_KEY_FORM
from epicml.text.languages import UnknownLanguageError, language_code

READER_KEY = part_of_path("key", text(64, least=1, pattern=READER_KEY_FORM), "The reader's pseudonym.")
ORIGIN = re.compile(schema.ORIGIN_FORM)
NO_RANGE = "Of level_min and level_max one is known and the other not, or the lower one is the higher."
FIELDS = ("age_band", "level_min", "level_max", "languages")


class ReaderView(APIView):
    """One reader."""

    scopes = {"GET": "readers:read", "PUT": "readers:write", "PATCH": "readers:write", "DELETE": "readers:erase"}

    @extend_schema(operation_id="get_reader", parameters=[READER_KEY], responses={200: schema.Reader})
    def get(self, request: Request, key: str) -> HttpResponse:
        """The reader's profile."""
        Fields(request.query_params).check()
        return json_response(see_reader(key, by=actor_of(request), now=timezone.now()).as_json())

    @extend_schema(
        operation_id="save_reader",
        parameters=[READER_KEY],
        request=schema.ReaderProfile,
        responses={200: schema.Reader, 201: schema.Reader, 409: refusal(NO_RANGE)},
    )
    def put(self, request: Request, key: str) -> HttpResponse:
        """Replace or add: the profile is just as sent, and what is left out is not known any more."""
        Fields(request.query_params).check()
        fields = Fields(json_body(request))
        if not KEY.fullmatch(key):
            fields.add_error("key", f"A pseudonym has the form {KEY.pattern}.")
        reader, now = ReaderInput(key=key, **_read(fields, names=FIELDS)), timezone.now()
        created = save_reader(reader, now=now)
        record_access(Action.READER_SAVED, [key], by=actor_of(request), now=now)
        return json_response(reader_profile(key).as_json(), status=201 if created else 200)

    @extend_schema(
        operation_id="patch_reader",
        parameters=[READER_KEY],
        request=schema.ReaderChange,
        responses={200: schema.Reader, 409: refusal(NO_RANGE)},
    )
    def patch(self, request: Request, key: str) -> HttpResponse:
        """Merge: what is left out stays as it was. 404 where there is no such reader."""
        Fields(request.query_params).check()
        body = json_body(request)
        sent = [name for name in FIELDS if isinstance(body, dict) and name in body]
        now = timezone.now()
        change_reader(key, _read(Fields(body), names=sent), now=now)
        record_access(Action.READER_SAVED, [key], by=actor_of(request), now=now)
        return json_response(reader_profile(key).as_json())

    @extend_schema(
        operation_id="erase_reader", parameters=[READER_KEY], request=None, responses={200: schema.ErasedReader}
    )
    def delete(self, request: Request, key: str) -> HttpResponse:
        """Erase everything that is stored about the reader, in every app."""
        Fields(request.query_params).check()
        by = actor_of(request)
        report = erase_reader(key, by=by.name, address=by.address, now=timezone.now())
        return json_response({"erased": report.counts})


class ReaderExportView(APIView):
    """Everything that is stored about one reader."""

    scopes = {"GET": "readers:read"}

    @extend_schema(operation_id="export_reader", parameters=[READER_KEY], responses={200: schema.ReaderExport})
    def get(self, request: Request, key: str) -> HttpResponse:
        """Everything that is stored about the reader, by app."""
        Fields(request.query_params).check()
        return json_response(export_reader(key, by=actor_of(request), now=timezone.now()))


class ReaderTokensView(APIView):
    """Tokens of one reader."""

    scopes = {"POST": "readers:tokens"}

    @extend_schema(
        operation_id="issue_reader_token",
        parameters=[READER_KEY],
        request=schema.ReaderTokenRequest,
        responses={200: schema.ReaderToken},
    )
    def post(self, request: Request, key: str) -> HttpResponse:
        """A short-lived token with which a page with a public key proves its reader; nothing of it is stored."""
        Fields(request.query_params).check()
        fields = Fields(json_body(request) if sent_body(request).strip() else {})
        seconds = fields.integer("seconds", default=DEFAULT_SECONDS, low=SHORTEST_SECONDS, high=LONGEST_SECONDS)
        origin = _origin(fields)
        fields.check()
        answer = json_response(issue_reader_token(key, seconds=seconds, origin=origin, now=timezone.now()))
        answer["Cache-Control"] = "no-store"
        return answer


def _origin(fields: Fields) -> str:
    said = fields.optional_text("origin", max_length=schema.LONGEST_ORIGIN, pattern=ORIGIN)
    try:
        return checked_origin(said) if said else ""
    except InvalidKeyError as error:
        fields.add_error("origin", error.message)
        return ""


def _read(fields: Fields, *, names: Iterable[str]) -> dict[str, Any]:
    """These fields of a profile as they were sent."""
    low, high = LEVELS
    readers: dict[str, Callable[[], Any]] = {
        "age_band": fields.age_band,
        "level_min": lambda: fields.optional_integer("level_min", low=low, high=high),
        "level_max": lambda: fields.optional_integer("level_max", low=low, high=high),
        "languages": lambda: _languages(fields),
    }
    found = {name: readers[name]() for name in names}
    fields.check()
    return found


def _languages(fields: Fields) -> tuple[str, ...]:
    try:
        codes = fields.texts("languages", max_items=MAX_LANGUAGES, max_length=MAX_LANGUAGE, exact=True)
        return tuple(dict.fromkeys(language_code(code) for code in codes))
    except UnknownLanguageError as error:
        fields.add_error("languages", str(error))
        return ()
