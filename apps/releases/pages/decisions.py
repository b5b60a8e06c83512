"""The two decisions a person takes: promote, and roll back. Each is asked on a page of its own that needs no script."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from apps.platform.pages.shell import page, staff_page
from apps.platform.services.errors import EpicmlError
from apps.releases.selectors.detail import ReleaseDetail, release_detail
from apps.releases.services import promotion
from apps.releases.services.kinds import AnyKind, release_kind

MAX_WHY = 500
MOST_NAMES = 20


@staff_page("releases.change_release")
@require_http_methods(["GET", "POST"])
def promote(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """Shall this release become the live one?"""
    return _confirm(request, kind, key, action="promote")


@staff_page("releases.change_release")
@require_http_methods(["GET", "POST"])
def roll_back(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """Shall this release be the live one again?"""
    return _confirm(request, kind, key, action="roll_back")


def _confirm(request: HttpRequest, kind: str, key: str, *, action: str) -> HttpResponse:
    known, detail = release_kind(kind), release_detail(kind, key, now=timezone.now())
    if request.method != "POST":
        return _ask(request, known, detail, action=action)
    why, accept = " ".join(request.POST.get("why", "").split()), request.POST.getlist("accept")[:MOST_NAMES]
    if not why or len(why) > MAX_WHY or "\0" in why:
        wrong = "Say why, in a sentence: it stays with the release." if not why else f"At most {MAX_WHY} characters."
        return _ask(request, known, detail, action=action, why=why, accept=accept, wrong=wrong, status=400)
    who, now = request.user.get_username(), timezone.now()
    try:
        if action == "promote":
            promotion.promote_release(kind, key, decided_by=who, why=why, now=now, accept=accept)
        else:
            promotion.roll_back(kind, to=key, decided_by=who, why=why, now=now)
    except EpicmlError as error:
        said = error.message
        return _ask(request, known, detail, action=action, why=why, accept=accept, refusal=said, status=error.status)
    kept = f" {detail.live.key} is kept and can be rolled back to." if detail.live else ""
    messages.info(request, f"{known.title} {key} is live.{kept}")
    return HttpResponseRedirect(reverse("release", args=[kind, key]))


def _ask(
    request: HttpRequest,
    known: AnyKind,
    detail: ReleaseDetail,
    *,
    action: str,
    why: str = "",
    accept: Sequence[str] = (),
    wrong: str = "",
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    verb = "Promote" if action == "promote" else "Roll back to"
    asks = action == "promote" and detail.to_accept
    refusals = [(one, one["name"] in accept) for one in detail.row.refusals] if asks else []
    return page(
        request,
        "releases/confirm.html",
        title=f"{known.title} {detail.row.key}",
        status=status,
        kind=known,
        detail=detail,
        verb=verb,
        promotes=action == "promote",
        back=reverse("release", args=[known.name, detail.row.key]),
        why=why,
        refusals=refusals,
        wrong=wrong,
        refusal=refusal,
        max_why=MAX_WHY,
    )
