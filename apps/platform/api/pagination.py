"""Pages of a list: `?page=1&page_size=20` is answered with items, page, page_size and total."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rest_framework import serializers

from apps.platform.api.shapes import Query
from apps.platform.api.strict import Whole

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


class PagesQuery(Query):
    """Which page of a list."""

    page = Whole(low=1, high=LAST_PAGE, default=1, help_text="Which page, from 1.")
    page_size = Whole(low=1, high=LARGEST_PAGE, default=20, help_text="How many items on a page.")


class PageShape(serializers.Serializer[None]):
    """What every page of a list says of itself; `items` stand beside it."""

    page = serializers.IntegerField(min_value=1, max_value=LAST_PAGE)
    page_size = serializers.IntegerField(min_value=1, max_value=LARGEST_PAGE)
    total = serializers.IntegerField(min_value=0, help_text="How many items there are on all pages.")


def page_of(query: Mapping[str, Any]) -> Page:
    """Return the page that a query string asks for."""
    return Page(number=query["page"], size=query["page_size"])


def page_answer(items: Sequence[Any], *, page: Page, total: int) -> dict[str, Any]:
    """Return one page of a list as every endpoint answers it."""
    return {"items": list(items), "page": page.number, "page_size": page.size, "total": total}
