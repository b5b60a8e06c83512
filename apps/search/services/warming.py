"""What the first search and the first suggestion of a process need, before they come."""

from datetime import datetime

from apps.catalog.selectors.shelf import shelf
from apps.search.selectors.facets import Filters, facets_of
from apps.search.services.choosing import database_engine
from apps.search.serving import indexes
from epicml.audience.bands import AgeBand


def warm(*, now: datetime) -> None:
    """Have the shelf, the index or what answers in its place, and the genres of the shelf in memory."""
    books = shelf()
    if indexes.warm(now) is None:
        database_engine(books)
    facets_of(books, books.rows_of_ids(books.ids), Filters())
    for band in AgeBand:
        books.allowed(band)
