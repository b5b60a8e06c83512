"""Pages of a list: `?page=1&page_size=20` is answered with items, page, page_size and total."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.platform.api.fields import Fields

LAST_PAGE = 10_000
LARGEST_PAGE = 100


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list was asked for."""

    number: int
    size: int

    @property
    def start(self) -> int:
        return (self.number - 1) * self.size

    @property
    def stop(self) -> int:
        return self.start + self.size


def read_page(fields: Fields, *, default_size: int = 20, largest: int = LARGEST_PAGE) -> Page:
    """The page that the query string asks for."""
    return Page(
        number=fields.integer("page", default=1, low=1, high=LAST_PAGE),
        size=fields.integer("page_size", default=default_size, low=1, high=largest),
    )


def page_answer(items: Sequence[Any], *, page: Page, total: int) -> dict[str, Any]:
    """One page of a list, as every endpoint answers it."""
    return {"items": list(items), "page": page.number, "page_size": page.size, "total": total}
