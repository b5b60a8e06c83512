"""The demo's readers: real histories, and age bands that are made up.

goodbooks-10k says nothing about the ages of its readers. So that the demo can show how an age band works, readers are
put in the order of how young the children's books are that they rated, and cut into bands of fixed shares. It is
deterministic, it is no claim about anybody, and the storefront says that it is made up.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from apps.catalog.selectors.books import BookCard
from apps.readers.selectors import ReaderProfile, sample_readers
from apps.readers.services import ReaderInput
from demo.models import Preparation
from epicml.audience.bands import AgeBand

# What share of the readers is in each band. Where no children's book was rated, the reader is adult in any case.
SHARES = {
    AgeBand.AGES_0_TO_5: 0.08,
    AgeBand.AGES_6_TO_8: 0.14,
    AgeBand.AGES_9_TO_11: 0.22,
    AgeBand.AGES_12_TO_14: 0.22,
    AgeBand.AGES_15_TO_17: 0.14,
    AgeBand.ADULT: 0.20,
}
RULE = "1"  # to be raised when the rule changes, so that the next `manage.py demo` applies it
READABLE_FROM = 2  # books of a language that a reader rated before we take it that they read it
SAMPLE_HISTORY = 25  # readers with about so many books stand first: enough to suggest from, few enough to look through
CHOSEN_PER_BAND = 10
DEMO_KEY = re.compile(r"R-[0-9]{5,}")  # as reader_key writes it


@dataclass(slots=True)
class _Books:
    """What one reader rated."""

    count: int = 0
    childrens: int = 0
    ranks: int = 0
    languages: Counter[str] = field(default_factory=Counter)

    @property
    def youth(self) -> float:
        """Return the mean age band of the children's books, as a rank; above all of them where there is none."""
        return self.ranks / self.childrens if self.childrens else float(AgeBand.ADULT)


def reader_key(user_id: str) -> str:
    """Return the pseudonym of a reader of goodbooks-10k: R-00417."""
    return f"R-{int(user_id):05d}"


def synthetic_readers(ratings: Iterable[Mapping[str, str]], *, books: Mapping[str, BookCard]) -> list[ReaderInput]:
    """Make profiles for everybody who rated one of these books, the best ones to look at first."""
    rated = _rated(ratings, books=books)
    bands = _bands(rated)
    order = sorted(rated, key=lambda user: (abs(rated[user].childrens - SAMPLE_HISTORY), user))
    readers = []
    for user in order:
        counts = rated[user].languages.most_common()
        known = tuple(code for code, count in counts if count >= READABLE_FROM and code != "und")
        readers.append(ReaderInput(key=reader_key(user), age_band=bands[user], languages=known[:5] or ("en",)))
    return readers


def demo_readers() -> list[ReaderProfile]:
    """List the readers whom everybody may choose in the storefront: the first of each age band, youngest band first.

    They are those of the demo's data, never a library's own: none where `manage.py demo` made no readers.
    """
    if not Preparation.objects.filter(step="readers").exists():
        return []
    return [profile for profile in sample_readers(per_band=CHOSEN_PER_BAND) if DEMO_KEY.fullmatch(profile.key)]


def _rated(ratings: Iterable[Mapping[str, str]], *, books: Mapping[str, BookCard]) -> dict[str, _Books]:
    rated: defaultdict[str, _Books] = defaultdict(_Books)
    for row in ratings:
        book = books.get(row["book_id"])
        if book is None:
            continue
        mine = rated[row["user_id"]]
        mine.count += 1
        mine.languages[book.language] += 1
        if book.age_band < AgeBand.ADULT:
            mine.childrens += 1
            mine.ranks += book.age_band
    return dict(rated)


def _bands(rated: Mapping[str, _Books]) -> dict[str, AgeBand]:
    youngest_first = sorted(rated, key=lambda user: (rated[user].youth, int(user)))
    bands: dict[str, AgeBand] = {}
    start, share = 0, 0.0
    for band, part in SHARES.items():
        share += part
        end = round(share * len(youngest_first))
        bands.update((user, band if rated[user].childrens else AgeBand.ADULT) for user in youngest_first[start:end])
        start = end
    return bands
