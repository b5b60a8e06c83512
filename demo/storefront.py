"""The sample storefront at `/`: one page, filled in the browser by the public API."""

import re
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.readers.selectors import ReaderNotFoundError, ReaderProfile, reader_profile, sample_readers
from demo.keys import TooManyOriginsError, storefront_key
from epicml.audience.bands import AgeBand

READERS_PER_BAND = 4
FIRST_BAND = AgeBand.AGES_9_TO_11
LONGEST_QUERY = 200
READER_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
LANGUAGES = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "nl": "Dutch",
    "pt": "Portuguese",
    "id": "Indonesian",
    "ar": "Arabic",
    "fa": "Persian",
    "ja": "Japanese",
    "pl": "Polish",
}


@dataclass(frozen=True, slots=True)
class ReaderChoice:
    """A reader as the page names them."""

    key: str
    age: str
    reads_at: str
    languages: str

    @classmethod
    def of(cls, profile: ReaderProfile) -> "ReaderChoice":
        adult = profile.age_band is AgeBand.ADULT
        languages = " and ".join(LANGUAGES.get(code, code) for code in profile.languages)
        label = profile.age_band.label
        return cls(
            key=profile.key,
            age="adult" if adult else f"age {label}",
            reads_at="as an adult" if adult else f"at {label}",
            languages=languages,
        )


@require_safe
def storefront(request: HttpRequest) -> HttpResponse:
    """Home, results or one book; the address says which, and a script asks the API for it."""
    samples = sample_readers(per_band=READERS_PER_BAND)
    chosen = _chosen(request.GET.get("reader", ""), samples)
    shown = samples if chosen is None or chosen in samples else [chosen, *samples]
    key, missing = _key(request) if chosen else ("", "There is no reader yet.")
    context = {
        "reader": ReaderChoice.of(chosen) if chosen and key else None,
        "readers": [ReaderChoice.of(profile) for profile in shown],
        "public_key": key,
        "missing": missing,
        "query": request.GET.get("q", "").strip()[:LONGEST_QUERY],
    }
    response = render(request, "demo/storefront.html", context)
    response["Content-Security-Policy"] = POLICY
    response["Cache-Control"] = "no-cache"
    return response


def _chosen(key: str, samples: list[ReaderProfile]) -> ReaderProfile | None:
    """The reader of the address; a sample reader where it names none, or one who is gone."""
    first = [profile for profile in samples if profile.age_band is FIRST_BAND]
    usual = next(iter(first + samples), None)
    try:
        return reader_profile(key) if READER_KEY.fullmatch(key) else usual
    except ReaderNotFoundError:
        return usual


def _key(request: HttpRequest) -> tuple[str, str]:
    origin = f"{request.scheme}://{request.get_host()}"
    try:
        return storefront_key(origin, now=timezone.now()), ""
    except TooManyOriginsError as error:
        return "", str(error)
