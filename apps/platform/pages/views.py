"""Does everything work? The health of each part, as the registry knows it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString

from apps.platform.pages.marks import BETTER, WATCH, WORSE, mark
from apps.platform.pages.shell import page, staff_page
from apps.platform.services import formats
from apps.platform.services.health import PartHealth, parts_health, worst_state

STATE_WORDS = {"ok": (BETTER, "Works"), "degraded": (WATCH, "Degraded"), "down": (WORSE, "Down")}


@staff_page()
def status(request: HttpRequest) -> HttpResponse:
    """Show whether everything works, and if not, what readers notice."""
    parts = parts_health()
    return page(
        request,
        "platform/status.html",
        title="Status",
        answer=health_sentence(parts),
        meta=[f"{formats.counted(len(parts), 'part')} asked just now, {formats.moment(timezone.now())}"],
        state=STATE_WORDS[worst_state(parts)][0],
        parts=[(part, health_mark(part)) for part in parts],
    )


def refuse_autocompletion(request: HttpRequest) -> HttpResponse:
    """Refuse the admin's autocompletion, which lists the rows of any table; no page chooses by it."""
    raise Http404


def health_mark(part: PartHealth) -> SafeString:
    """Draw the mark of a part's state."""
    return mark(*STATE_WORDS[part.state])


def health_sentence(parts: list[PartHealth]) -> str:
    """Say whether everything works, naming what does not."""
    down = [part.name for part in parts if part.state == "down"]
    degraded = [part.name for part in parts if part.state == "degraded"]
    if not down and not degraded:
        return "Everything works."
    if not down:
        return f"Readers get answers, but degraded: {_listed(degraded)}."
    return f"Down: {_listed(down)}." + (f" Degraded: {_listed(degraded)}." if degraded else "")


def _listed(names: list[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in names)
