"""The panels on the first page of the staff site. Apps register theirs in `ready()`."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from apps.platform.services.outages import outage_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Column:
    """The head of a column. One whose title is hidden is named for those who listen to the page."""

    title: str
    is_number: bool = False
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A text, with an identifier behind it. It may lead to a page, or bear the mark of a state ("better", "watch")."""

    text: str = ""
    key: str = ""
    href: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """Where to read on, for those who have the permission."""

    text: str
    href: str
    permission: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A title and what there is to say under it. `is_good`: nothing is to be done about it."""

    title: str
    text: str
    is_good: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A table, or what stands in its place while it has no rows; the last cell of a short row fills what is left.

    `waits` is one sentence on what waits for the person who looks, which stands at the head of the page; `notice` is
    something wrong that all should see, above all panels.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    empty: Message | None = None
    waits: str = ""
    link: Link | None = None
    notice: Message | None = None

    def laid_out(self) -> list[list[tuple[Column, Cell, int]]]:
        """Lay each row out: column, cell, and over how many columns the cell reaches."""
        count = len(self.columns)
        return [
            [
                (column, cell, count - place if place == len(row) - 1 else 1)
                for place, (column, cell) in enumerate(zip(self.columns, row, strict=False))
            ]
            for row in self.rows
        ]


@dataclass(frozen=True, slots=True)
class ShownPanel:
    """A panel under its title, or the problem because of which it could not be made."""

    name: str
    title: str
    panel: Panel | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _RegisteredPanel:
    title: str
    build: Callable[[datetime], Panel]
    order: int
    permission: str


_registrations: dict[str, _RegisteredPanel] = {}


def register_panel(
    name: str, title: str, build: Callable[[datetime], Panel], *, order: int, permission: str = ""
) -> None:
    """Show this panel, made for the present moment, to all staff or to those who have the permission."""
    _registrations[name] = _RegisteredPanel(title, build, order, permission)


def shown_panels(*, now: datetime, may: Callable[[str], bool]) -> list[ShownPanel]:
    """Make the panels that this person may see, in their order; one that fails does not take the others with it."""
    in_order = sorted(_registrations.items(), key=lambda item: (item[1].order, item[0]))
    return [_shown(name, one, now, may) for name, one in in_order if not one.permission or may(one.permission)]


def _shown(name: str, registration: _RegisteredPanel, now: datetime, may: Callable[[str], bool]) -> ShownPanel:
    try:
        panel = registration.build(now)
        if panel.link and panel.link.permission and not may(panel.link.permission):
            panel = replace(panel, link=None)
        return ShownPanel(name, registration.title, panel)
    except Exception as error:  # the first page must stand when anything else has fallen
        outage = outage_of(error)
        if outage is None:
            logger.exception("The panel %s failed", name)
        problem = outage.message if outage else "What belongs here could not be read; the log says why."
        return ShownPanel(name, registration.title, None, problem)
