"""Pages of a list: `?page=1&page_size=20` is answered with items, page, page_size and total."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rest_framework import serializers

from apps.platform.api.bounds import WholeParameter
from apps.platform.api.fields import Fields

LAST_PAGE = 10_000
LARGEST_PAGE = 100
PAGE = WholeParameter("page", 1, LAST_PAGE, 1, "Which page, from 1.")
PAGE_SIZE = WholeParameter("page_size", 1, LARGEST_PAGE, 20, "How many items on a page.")
PAGES = [PAGE.documented, PAGE_SIZE.documented]


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


class PageShape(serializers.Serializer[None]):
    """What every page of a list says of itself; `items` stand beside it."""

    page = serializers.IntegerField(min_value=1, max_value=LAST_PAGE)
    page_size = serializers.IntegerField(min_value=1, max_value=LARGEST_PAGE)
    total = serializers.IntegerField(min_value=0, help_text="How many items there are on all pages.")


def read_page(fields: Fields) -> Page:
    """The page that the query string asks for."""
    return Page(number=PAGE.read(fields), size=PAGE_SIZE.read(fields))


def page_answer(items: Sequence[Any], *, page: Page, total: int) -> dict[str, Any]:
    """One page of a list, as every endpoint answers it."""
    return {"items": list(items), "page": page.number, "page_size": page.size, "total": total}
