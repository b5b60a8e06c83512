"""Readers over the API: a pseudonym and an age band, saved, read, exported and erased."""

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.platform.api.parsing import Fields, json_body
from apps.platform.api.responses import json_response
from apps.readers.api import schema
from apps.readers.selectors import KEY, reader_profile
from apps.readers.services import ReaderInput, erase_reader, export_reader, save_reader
from epicml.text.languages import UnknownLanguageError, language_code

MAX_LANGUAGES = 20
MAX_LANGUAGE = 20


class ReaderView(APIView):
    """One reader."""

    scopes = {"GET": "readers:read", "PUT": "readers:write", "DELETE": "readers:erase"}

    @extend_schema(operation_id="get_reader", responses={200: schema.Reader})
    def get(self, request: Request, key: str) -> HttpResponse:
        Fields(request.query_params).check()
        return json_response(reader_profile(key).as_json())

    @extend_schema(
        operation_id="save_reader", request=schema.ReaderProfile, responses={200: schema.Reader, 201: schema.Reader}
    )
    def put(self, request: Request, key: str) -> HttpResponse:
        reader = _read(Fields(json_body(request)), key=key)
        created = save_reader(reader, now=timezone.now())
        return json_response(reader_profile(key).as_json(), status=201 if created else 200)

    @extend_schema(operation_id="erase_reader", responses={200: schema.ErasedReader})
    def delete(self, request: Request, key: str) -> HttpResponse:
        report = erase_reader(key, by=f"API key {getattr(request.auth, 'name', '')}", now=timezone.now())
        return json_response({"erased": report.counts})


class ReaderExportView(APIView):
    """Everything that is stored about one reader."""

    scopes = {"GET": "readers:read"}

    @extend_schema(operation_id="export_reader", responses={200: schema.ReaderExport})
    def get(self, request: Request, key: str) -> HttpResponse:
        Fields(request.query_params).check()
        return json_response(export_reader(key, now=timezone.now()))


def _read(fields: Fields, *, key: str) -> ReaderInput:
    if not KEY.fullmatch(key):
        fields.complain("key", f"A pseudonym has the form {KEY.pattern}.")
    reader = ReaderInput(
        key=key,
        age_band=fields.age_band(),
        level_min=fields.optional_integer("level_min", low=1, high=12),
        level_max=fields.optional_integer("level_max", low=1, high=12),
        languages=_languages(fields),
    )
    fields.check()
    return reader


def _languages(fields: Fields) -> tuple[str, ...]:
    try:
        codes = fields.texts("languages", max_items=MAX_LANGUAGES, max_length=MAX_LANGUAGE)
        return tuple(dict.fromkeys(language_code(code) for code in codes))
    except UnknownLanguageError as error:
        fields.complain("languages", str(error))
        return ()
