"""What the first search and the first suggestion of a process need, before they come."""

from datetime import datetime

from apps.catalog.selectors.shelf import shelf
from apps.search.selectors.facets import Filters, facets_of
from apps.search.selectors.live_index import live_index
from apps.search.services.serving import database_engine
from epicml.audience.bands import AgeBand


def warm(*, now: datetime) -> None:
    """The shelf, the index or what answers in its place, and the genres of the shelf are in memory."""
    books = shelf()
    if live_index(now=now) is None:
        database_engine(books)
    facets_of(books, books.rows_of_ids(books.ids), Filters())
    for band in AgeBand:
        books.allowed(band)
