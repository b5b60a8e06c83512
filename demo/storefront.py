"""The sample storefront at `/`: one page, filled in the browser by the public API."""

import re
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.readers.selectors import ReaderNotFoundError, ReaderProfile, reader_profile, sample_readers
from demo.keys import TooManyOriginsError, storefront_key
from epicml.audience.asking import READER_KEY_FORM
from epicml.audience.bands import YOUNGEST, AgeBand

READERS_PER_BAND = 4
LONGEST_QUERY = 200
LONGEST_KEY = 64
READER_KEY = re.compile(READER_KEY_FORM)
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
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


@dataclass(frozen=True, slots=True)
class Shown:
    """Whose books the page shows: a reader's, or where nobody knows who was named, those for the youngest.

    `key` is what every form and link carries on, so that no page jumps to another reader.
    """

    key: str
    profile: ReaderProfile | None
    was_named: bool

    @property
    def is_pseudonym(self) -> bool:
        return READER_KEY.fullmatch(self.key) is not None


@require_safe
def storefront(request: HttpRequest) -> HttpResponse:
    """Home, results or one book; the address says which, and a script asks the API for it."""
    samples = sample_readers(per_band=READERS_PER_BAND)
    shown = _shown(request.GET.get("reader", ""), samples)
    key, missing = _key(request) if samples else ("", "There is no reader yet.")
    others = [shown.profile] if shown.profile and shown.profile not in samples else []
    context = {
        "shown": shown,
        "reader": ReaderChoice.of(shown.profile) if shown.profile else None,
        "readers": [ReaderChoice.of(profile) for profile in [*others, *samples]],
        "public_key": key,
        "missing": missing,
        "query": request.GET.get("q", "").strip()[:LONGEST_QUERY],
    }
    response = render(request, "demo/storefront.html", context)
    response["Content-Security-Policy"] = POLICY
    response["Cache-Control"] = "no-cache"
    return response


def _shown(named: str, samples: list[ReaderProfile]) -> Shown:
    """The reader of the address; who names none sees the books of a sample reader of the youngest band."""
    named = CONTROL.sub("", named)[:LONGEST_KEY].strip()
    if not named:
        first = next((profile for profile in samples if profile.age_band is YOUNGEST), None)
        return Shown(first.key if first else "", first, was_named=False)
    try:
        return Shown(named, reader_profile(named), was_named=True)
    except ReaderNotFoundError:
        return Shown(named, None, was_named=True)


def _key(request: HttpRequest) -> tuple[str, str]:
    origin = f"{request.scheme}://{request.get_host()}"
    try:
        return storefront_key(origin, now=timezone.now()), ""
    except TooManyOriginsError as error:
        return "", str(error)
