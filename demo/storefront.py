"""The sample storefront at `/`: one page, filled in the browser by the public API.

Here the storefront is its own server: it says who sits before the page by a token that it puts into it, and gives a new
one when that has expired. A real library does so after its readers have logged in; here anybody may choose a sample
reader, and nobody else.
"""

import re
from collections import Counter
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_POST, require_safe

from apps.platform.services.reader_tokens import DEFAULT_SECONDS, ReaderToken
from apps.readers.selectors import ReaderProfile
from apps.readers.services import issue_reader_token
from demo.keys import TooManyOriginsError, storefront_key
from demo.readers import demo_readers
from epicml.audience.asking import READER_KEY_FORM
from epicml.audience.bands import YOUNGEST, AgeBand

OFFERED_PER_BAND = 4
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
@ensure_csrf_cookie
def storefront(request: HttpRequest) -> HttpResponse:
    """Show home, results or one book; the address says which, and a script asks the API for it."""
    samples = demo_readers()
    shown = _shown(request.GET.get("reader", ""), samples)
    key, missing = _key(request) if samples else ("", "There is no reader yet.")
    context = {
        "shown": shown,
        "reader": ReaderChoice.of(shown.profile) if shown.profile else None,
        "readers": [ReaderChoice.of(profile) for profile in _offered(samples, shown.profile)],
        "token": _token(request, shown.profile) if shown.profile else None,
        "token_seconds": DEFAULT_SECONDS,
        "public_key": key,
        "missing": missing,
        "query": request.GET.get("q", "").strip()[:LONGEST_QUERY],
    }
    response = render(request, "demo/storefront.html", context)
    response["Content-Security-Policy"] = POLICY
    response["Cache-Control"] = "no-cache"
    return response


@require_POST
@never_cache
def reader_token(request: HttpRequest) -> HttpResponse:
    """Answer with a new token for a sample reader whose page has an expired one; with none for all others."""
    named = request.POST.get("reader", "")
    profile = next((profile for profile in demo_readers() if profile.key == named), None)
    if profile is None:
        return JsonResponse({"code": "not_found", "message": "This is no sample reader."}, status=404)
    return JsonResponse({"token": _token(request, profile).token, "seconds": DEFAULT_SECONDS})


def _shown(named: str, samples: list[ReaderProfile]) -> Shown:
    """Find the reader of the address; who names none sees the books of a sample reader of the youngest band."""
    named = CONTROL.sub("", named)[:LONGEST_KEY].strip()
    if not named:
        first = next((profile for profile in samples if profile.age_band is YOUNGEST), None)
        return Shown(first.key if first else "", first, was_named=False)
    return Shown(named, next((profile for profile in samples if profile.key == named), None), was_named=True)


def _offered(samples: list[ReaderProfile], shown: ReaderProfile | None) -> list[ReaderProfile]:
    """List the first of each band, and before them the one who is shown already."""
    seen = Counter[AgeBand]()
    offered = []
    for profile in samples:
        seen[profile.age_band] += 1
        if seen[profile.age_band] <= OFFERED_PER_BAND:
            offered.append(profile)
    return offered if shown is None or shown in offered else [shown, *offered]


def _token(request: HttpRequest, profile: ReaderProfile) -> ReaderToken:
    return issue_reader_token(profile.key, seconds=DEFAULT_SECONDS, origin=_origin(request).lower(), now=timezone.now())


def _origin(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}"


def _key(request: HttpRequest) -> tuple[str, str]:
    try:
        return storefront_key(_origin(request), now=timezone.now()), ""
    except TooManyOriginsError as error:
        return "", str(error)
