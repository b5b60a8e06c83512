"""The first page of the staff site: is everything served, and does anything wait for a person?"""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from apps.platform.pages.views import health_mark, health_sentence
from apps.platform.services import formats
from apps.platform.services.health import parts_health
from apps.platform.services.panels import ShownPanel, shown_panels


def dashboard(request: HttpRequest, context: Mapping[str, Any]) -> dict[str, Any]:
    """Add to the shell's context what the overview shows."""
    now, parts = timezone.now(), parts_health()
    panels = shown_panels(now=now, may=request.user.has_perm)
    return {
        **context,
        "title": "Overview",
        "answer": f"{health_sentence(parts)} {_waiting_sentence(panels)}",
        "meta": [f"as of {formats.moment(now)}"],
        "parts": [(part, health_mark(part)) for part in parts],
        "notices": [shown.panel.notice for shown in panels if shown.panel and shown.panel.notice],
        "panels": panels,
    }


def _waiting_sentence(panels: list[ShownPanel]) -> str:
    sentences = [shown.panel.waits for shown in panels if shown.panel and shown.panel.waits]
    failed = [shown.title for shown in panels if shown.panel is None]
    if failed:
        sentences.append(f"What else waits is not known: {', '.join(failed)} could not be read.")
    return " ".join(sentences) or "Nothing waits for you."
