"""Which books does search know? The index as this server sees it."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.catalog.selectors.shelf import shelf
from apps.platform.pages.marks import BETTER, WATCH
from apps.platform.pages.shell import page, staff_page
from apps.platform.services import formats
from apps.releases.selectors.listing import releases, releases_waiting
from apps.search.selectors.status import IndexStatus, index_status

KIND = "search_index"
SHOWN_RELEASES = 10


@staff_page("releases.view_release")
def index(request: HttpRequest) -> HttpResponse:
    """Which books does search know, and does the index answer?"""
    now, waiting = timezone.now(), releases_waiting()
    found, books = index_status(now=now), len(shelf().cards)
    is_well = found.answers and not (found.pending or found.sealed or found.damage or found.sealed_damage)
    return page(
        request,
        "search/index.html",
        title="Search index",
        state=BETTER if is_well else WATCH,
        answer=index_answer(found, books),
        index=found,
        books=books,
        fallbacks=sorted(found.fallbacks.items()),
        kind=KIND,
        rows=[(row, row in waiting) for row in releases(kind=KIND, limit=SHOWN_RELEASES, now=now)],
        meta=[f"this server, {formats.moment(now)}"],
    )


def index_answer(found: IndexStatus, books: int) -> str:
    """What search knows, and what answers where the index does not."""
    if found.release is None:
        return "None by the index: readers are answered from the database."
    known = f"{formats.counted(found.books, 'book')} of {formats.thousands(books)}"
    if not found.answers:
        return f"{known}, but the index is too far behind: readers are answered from the database."
    if found.pending:
        return f"{known}; {formats.counted(found.pending, 'change')} not in it yet."
    return f"{known}, every change included."
