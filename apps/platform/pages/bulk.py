"""What staff do with many rows at once is asked first: how many, what it touches, how it is undone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.crypto import constant_time_compare, salted_hmac

from apps.platform.services.formats import counted, thousands

TYPED_ABOVE = 20  # more than one sees at a glance: the number is typed
CONFIRMED, TYPED = "confirmed_set", "typed"  # fields of the page
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Bulk:
    """A deed on many rows: `verb` what is done, as the button says it; `one` and `many` the nouns.

    One with a `word` cannot be undone, and the word is typed with the number whatever the number is.
    """

    action: str
    verb: str
    one: str
    many: str
    touches: str
    undo: str
    word: str = ""

    def counted(self, count: int) -> str:
        """Write 1 book, 1,852 books."""
        return counted(count, self.one, self.many)

    def to_type(self, count: int) -> str:
        """Return what is typed before it is done with so many; "" where a click is enough."""
        if self.word:
            return f"{self.word} {thousands(count)}"
        return thousands(count) if count > TYPED_ABOVE else ""


def confirmation_page(
    request: HttpRequest, rows: QuerySet[Any], bulk: Bulk, *, name: Callable[[Any], str] = str, back: str, to: str = ""
) -> HttpResponse | None:
    """Return the page that asks, or None where just these rows were confirmed in a page that showed them.

    `to` is where the page sends its answer, where that is not the address it stands at.
    """
    keys = list(rows.order_by("pk").values_list("pk", flat=True))
    # It stands for these rows, this action and this person: nobody makes one who was not shown the page.
    content = f"{request.user.pk} {bulk.action} {','.join(map(str, keys))}"
    digest = salted_hmac("apps.platform.bulk", content, algorithm="sha256").hexdigest()
    typed = bulk.to_type(len(keys))
    given = request.POST.get(CONFIRMED, "") if request.method == "POST" else ""
    same = constant_time_compare(given, digest)
    if same and _plain(request.POST.get(TYPED, "")) == _plain(typed):
        return None
    wrong = ""
    if given:
        wrong = f"Type {typed} as it stands there." if same else "What was chosen has changed: look at it once more."
    context = {
        **admin.site.each_context(request),
        "title": f"{bulk.verb} {bulk.many}",
        "bulk": bulk,
        "counted": bulk.counted(len(keys)),
        "typed": typed,
        "wrong": wrong,
        "names": [name(row) for row in rows.order_by("pk")[:SHOWN]],
        "more": max(0, len(keys) - SHOWN),
        "digest": digest,
        "chosen": keys[:1] if request.POST.get("select_across") == "1" or to else keys,
        "across": request.POST.get("select_across") == "1" or bool(to),
        "back": back,
        "to": to or request.get_full_path(),
    }
    return TemplateResponse(request, "platform/bulk.html", context, status=400 if wrong else 200)


def _plain(text: str) -> str:
    return " ".join(text.replace(",", "").casefold().split())
