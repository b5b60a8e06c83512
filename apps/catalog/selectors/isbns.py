"""Books by the numbers that are printed on them."""

from apps.catalog.models import Isbn


def all_isbn_book_ids() -> dict[str, int]:
    """Return the id of the book that each ISBN names, as thirteen digits; those of withdrawn books too."""
    return dict(Isbn.objects.values_list("number", "book_id"))
