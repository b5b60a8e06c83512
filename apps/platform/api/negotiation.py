"""In which form a view answers, where that is not just what the Accept header says."""

from collections.abc import Iterable

from rest_framework.negotiation import BaseContentNegotiation, DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.settings import APISettings


class JsonOnly(BaseContentNegotiation):
    """The first parser and the first renderer of the view, unasked; for `content_negotiation_class` of hot paths.

    Reading the Accept header costs a tenth of a suggestion.
    """

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        first = next(iter(renderers))
        return first, first.media_type or ""


class FormatInQuery(DefaultContentNegotiation):
    """What the Accept header says, and before it `?format=`, which everywhere else is a field that nobody reads."""

    settings = APISettings({"URL_FORMAT_OVERRIDE": "format"})  # type: ignore[assignment]
