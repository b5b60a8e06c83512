"""What releases show on the first page of the staff site: what is live, and what waits for a decision."""

from datetime import datetime

from django.urls import reverse

from apps.platform.services import formats
from apps.platform.services.panels import Cell, Column, Link, Message, Panel
from apps.releases.pages.views import list_line, waiting_sentence
from apps.releases.selectors.listing import releases_waiting
from apps.releases.selectors.live import LiveRelease, live_release
from apps.releases.services.kinds import AnyKind, release_kinds


def live_panel(now: datetime) -> Panel:
    """Show the live release of each kind."""
    return Panel(
        caption="The live release of each kind",
        columns=(Column("Kind"), Column("Release"), Column("Live for")),
        rows=tuple(_live_row(kind, live_release(kind.name), now) for kind in release_kinds()),
        empty=Message("No kind of release is known.", "The apps that build something register it when they start."),
        link=Link("All releases", reverse("releases")),
    )


def _live_row(kind: AnyKind, live: LiveRelease | None, now: datetime) -> tuple[Cell, ...]:
    if live is None:
        return Cell(kind.title), Cell("Nothing is live", state="unknown")
    href = reverse("release", args=[kind.name, live.key])
    return Cell(kind.title), Cell(key=live.key, href=href), Cell(formats.age(live.promoted_at, now))


def waiting_panel(now: datetime) -> Panel:
    """Show the releases that wait for a decision."""
    titles = {kind.name: kind.title for kind in release_kinds()}
    lines = [list_line(row, titles, waits=True) for row in releases_waiting()]
    names = [f"{line['title']} {line['row'].key}" for line in lines]
    return Panel(
        caption="Releases that passed their gate and wait for a decision",
        columns=(Column("Release"), Column("Why it may go live")),
        rows=tuple(
            (Cell(line["title"], key=line["row"].key, href=line["href"]), Cell(line["reason"])) for line in lines
        ),
        empty=Message(
            "Nothing waits for a decision.",
            "A release that passes its gate and is not promoted by itself appears here.",
            is_good=True,
        ),
        waits=waiting_sentence(names) if names else "",
    )
