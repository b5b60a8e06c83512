"""Made books for tests."""

import dataclasses
from typing import Any

from apps.catalog.services.book_values import BookInput
from epicml.audience.bands import AgeBand

HOLES = BookInput(
    key="holes",
    title="Holes",
    authors=("Louis Sachar",),
    series="Holes",
    series_number=1,
    age_band=AgeBand.AGES_9_TO_11,
    reading_level=5,
    language="en",
    published_year=1998,
    genres=("childrens", "middle-grade"),
    ratings_count=719_000,
    average_rating=3.93,
    isbns=("9780440414803",),
)


def a_book(key: str, **changes: Any) -> BookInput:
    """A book like Holes with another key; the title is the key where none is given."""
    return dataclasses.replace(HOLES, **{"key": key, "title": key, "isbns": (), **changes})
