"""Readers over the API: a pseudonym and an age band, saved, read, exported and erased."""

from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.platform.api.authentication import actor_of
from apps.platform.api.bounds import part_of_path, text
from apps.platform.api.parsing import json_body, sent_body
from apps.platform.api.responses import json_response
from apps.platform.api.schema import refusal
from apps.platform.api.shapes import Query, read, read_body, read_query
from apps.platform.api.values import WrongValueError
from apps.platform.services.audit import Action
from apps.readers.api import schema
from apps.readers.selectors import KEY, reader_profile
from apps.readers.services import (
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

READER_KEY = part_of_path("key", text(64, least=1, pattern=READER_KEY_FORM), "The reader's pseudonym.")
NO_RANGE = "Of level_min and level_max one is known and the other not, or the lower one is the higher."


class ReaderView(APIView):
    """One reader."""

    scopes = {"GET": "readers:read", "PUT": "readers:write", "PATCH": "readers:write", "DELETE": "readers:erase"}

    @extend_schema(operation_id="get_reader", parameters=[READER_KEY], responses={200: schema.Reader})
    def get(self, request: Request, key: str) -> HttpResponse:
        """The reader's profile."""
        read_query(Query, request)
        return json_response(see_reader(key, by=actor_of(request), now=timezone.now()).as_json())

    @extend_schema(
        operation_id="save_reader",
        parameters=[READER_KEY],
        request=schema.ReaderProfile,
        responses={200: schema.Reader, 201: schema.Reader, 409: refusal(NO_RANGE)},
    )
    def put(self, request: Request, key: str) -> HttpResponse:
        """Replace or add: the profile is just as sent, and what is left out is not known any more."""
        wrong = {} if KEY.fullmatch(key) else {"key": [WrongValueError(f"A pseudonym has the form {KEY.pattern}.")]}
        said = read_body(schema.ReaderProfile, request, beside=wrong)
        reader, now = ReaderInput(key=key, **_known(said)), timezone.now()
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
        change, now = _known(read_body(schema.ReaderChange, request)), timezone.now()
        change_reader(key, change, now=now)
        record_access(Action.READER_SAVED, [key], by=actor_of(request), now=now)
        return json_response(reader_profile(key).as_json())

    @extend_schema(
        operation_id="erase_reader", parameters=[READER_KEY], request=None, responses={200: schema.ErasedReader}
    )
    def delete(self, request: Request, key: str) -> HttpResponse:
        """Erase everything that is stored about the reader, in every app."""
        read_query(Query, request)
        by = actor_of(request)
        report = erase_reader(key, by=by.name, address=by.address, now=timezone.now())
        return json_response({"erased": report.counts})


class ReaderExportView(APIView):
    """Everything that is stored about one reader."""

    scopes = {"GET": "readers:read"}

    @extend_schema(operation_id="export_reader", parameters=[READER_KEY], responses={200: schema.ReaderExport})
    def get(self, request: Request, key: str) -> HttpResponse:
        """Everything that is stored about the reader, by app."""
        read_query(Query, request)
        return json_response(export_reader(key, by=actor_of(request), now=timezone.now()))


class ReaderTokensView(APIView):
    """Tokens of one reader."""

    scopes = {"POST": "readers:tokens"}

    @extend_schema(
        operation_id="issue_reader_token",
        parameters=[READER_KEY],
        request=schema.ReaderTokenRequest,
        responses={200: schema.ReaderToken, 409: refusal("The origin has its form, and there is no such address.")},
    )
    def post(self, request: Request, key: str) -> HttpResponse:
        """A short-lived token with which a page with a public key proves its reader; nothing of it is stored."""
        read_query(Query, request)
        said = read(schema.ReaderTokenRequest, json_body(request) if sent_body(request).strip() else {})
        token = issue_reader_token(key, seconds=said["seconds"], origin=said.get("origin") or "", now=timezone.now())
        answer = json_response(token)
        answer["Cache-Control"] = "no-store"
        return answer


def _known(said: dict[str, Any]) -> dict[str, Any]:
    """Return what was said of a reader; languages that are not known are none."""
    return {**said, "languages": said["languages"] or ()} if "languages" in said else said
