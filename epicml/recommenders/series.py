"""In which order the volumes of a series are offered: the one rule for every list, served or measured.

1. Of a series, a reader is offered the lowest unread number above the lowest one that was read: who began with volume
   3 goes on with 4. Who read none is offered the first volume.
2. A later volume gives its place to that one. Where it may not be shown (age band, hidden, a wish, another list), the
   later one is not offered either: nobody is led into a story whose beginning is kept from them. A volume that is not
   on the shelf at all keeps none back.
3. Numbers below 1 are prequels: they keep no volume back, give their place to the first volume while it is next, and
   come in their own order after that.
4. Who began in the middle and goes back, goes back to the lowest unread number first.
5. A number is read when any of its editions is. Of several editions one by the author of the book that gives its place
   is offered, then the most popular. Books without a number (sets, companions) are in no order.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self, TypeVar

import numpy as np

from epicml.datasets.arrays import Bools, Float32s, Int32s, Int64s
from epicml.datasets.features import BookFeatures
from epicml.datasets.id_map import ABSENT

FIRST_NUMBER = 1.0
PREQUELS, BACK, ONWARD = 0, 1, 2  # the stretches of a series, as one reader sees it

MOST_PUT_IN = 200  # putting a book in its place takes 20 µs, ordering 100,000 books anew takes 10 ms

Place = TypeVar("Place")


@dataclass(frozen=True)
class SeriesOrder:
    """The volumes of all series. A volume is one number of one series and has one book, or several editions.

    Attributes:
        n_books: how many books there are, those without a number included.
        books: int32[m], the numbered books by volume, the more popular edition first.
        volume: int32[m], the volume of each of them.
        author: int32[m], the first author of each of them, -1 for none.
        number: float32[v], the number of each volume, rising inside a series.
        series: int32[v], the series of each volume, counted from 0 without a gap.
        first: int32[s], the volume with which each series begins: the lowest number from 1 on, else the lowest.
    """

    n_books: int
    books: Int32s
    volume: Int32s
    author: Int32s
    number: Float32s
    series: Int32s
    first: Int32s

    @classmethod
    def of(cls, features: BookFeatures) -> Self:
        """Order the volumes of the series of these books.

        Args:
            features: series, numbers, first authors and popularity of the books.

        >>> features = BookFeatures.of(age_band=np.zeros(4, np.int8), series=np.zeros(4, np.int32),
        ...                            series_number=np.array([2, 1, np.nan, 0.5], np.float32))
        >>> order = SeriesOrder.of(features)
        >>> order.books.tolist(), order.number[order.first].tolist()
        ([3, 1, 0], [1.0])
        """
        numbered = np.flatnonzero((features.series != ABSENT) & np.isfinite(features.series_number))
        return cls._of_ordered(_by_volume(numbered.astype(np.int32), features), features)

    def updated(self, features: BookFeatures, *, moved: Int32s, changed: Int32s) -> Self:
        """Order the same books after some changed, came or went; what stayed is not ordered again.

        Args:
            features: of all books as they are now; the number of a series is what it was.
            moved: int32[n_books], the row that each former row has now, rising; -1 for a book that changed or went.
            changed: int32, rows of the books that came or changed.

        >>> features = BookFeatures.of(age_band=np.zeros(3, np.int8), series=np.zeros(3, np.int32),
        ...                            series_number=np.array([1, 2, 3], np.float32))
        >>> order = SeriesOrder.of(features)
        >>> features.series_number[0] = 2.5
        >>> order.updated(features, moved=np.array([-1, 1, 2]), changed=np.array([0])).books.tolist()
        [1, 0, 2]
        """
        if len(changed) > MOST_PUT_IN:
            return type(self).of(features)
        stayed = moved[self.books]
        stayed = stayed[stayed != ABSENT]
        is_numbered = (features.series[changed] != ABSENT) & np.isfinite(features.series_number[changed])
        come = _by_volume(changed[is_numbered], features)
        series = features.series[stayed]
        places = [_place_among(stayed, series, book, features) for book in come.tolist()]
        return self._of_ordered(np.insert(stayed, np.array(places, np.intp), come), features)

    @classmethod
    def _of_ordered(cls, books: Int32s, features: BookFeatures) -> Self:
        group, number = features.series[books], features.series_number[books]
        begins = np.ones(len(books), np.bool_)
        begins[1:] = (group[1:] != group[:-1]) | (number[1:] != number[:-1])
        group, number = group[begins], number[begins]
        series = np.cumsum(np.diff(group, prepend=group[:1]) != 0).astype(np.int32)
        return cls(
            n_books=len(features),
            books=books.astype(np.int32),
            volume=(np.cumsum(begins) - 1).astype(np.int32),
            author=features.author[books],
            number=number,
            series=series,
            first=_first_volumes(series, number),
        )

    @cached_property
    def volume_of(self) -> Int32s:
        """int32[n_books]: the volume of each book, -1 for a book without a number."""
        volumes = np.full(self.n_books, ABSENT, np.int32)
        volumes[self.books] = self.volume
        return volumes

    def after(self, read: Int32s, *, at_hand: int = ABSENT) -> "NextVolumes":
        """Tell what a reader goes on with.

        Args:
            read: rows of the books that were read, in any order.
            at_hand: the book that is being looked at: its number is not offered, but need not have been read.
        """
        volumes = self.volume_of[read]
        read_volumes = np.unique(volumes[volumes != ABSENT])
        passed = read_volumes
        if at_hand != ABSENT and self.volume_of[at_hand] != ABSENT:
            passed = np.append(read_volumes, self.volume_of[at_hand])
        heads, targets = self.of_nothing_read
        if len(passed):  # all other series are as for somebody who read nothing
            series = self.series[passed]
            is_passed, is_read = np.zeros(len(self.number), np.bool_), np.zeros(len(self.first), np.bool_)
            is_passed[passed], is_read[series] = True, True
            places = np.flatnonzero(is_read[self.series]).astype(np.int32)
            heads, targets = heads.copy(), targets.copy()
            own_heads, targets[places] = self._heads_and_targets(places, read_volumes, ~is_passed[places])
            heads[series] = own_heads[series]
        return NextVolumes(self, np.asarray(read, np.int32), read_volumes, heads, targets)

    @cached_property
    def of_nothing_read(self) -> tuple[Int32s, Int32s]:
        """The next volume of each series, and the one to be offered for each volume, before anything was read."""
        places = np.arange(len(self.number), dtype=np.int32)
        return self._heads_and_targets(places, places[:0], np.ones(len(places), np.bool_))

    def _heads_and_targets(self, places: Int32s, read_volumes: Int32s, is_open: Bools) -> tuple[Int32s, Int32s]:
        """Find the next volume of each series, and the one to be offered for each of these volumes; itself for most."""
        series = self.series[places]
        first = self.first[series]
        lowest = np.full(len(self.first), ABSENT, np.int32)
        # Where one index is assigned several times, the last assignment stays: here the lowest volume.
        lowest[self.series[read_volumes[::-1]]] = read_volumes[::-1]
        stretch = np.where(places > lowest[series], ONWARD, BACK)
        stretch[places < first] = PREQUELS
        opened = np.flatnonzero(is_open)[::-1]
        heads = np.full((len(self.first), ONWARD + 1), ABSENT, np.int32)
        heads[series[opened], stretch[opened]] = places[opened]
        onward = heads[:, ONWARD].copy()  # without the other two, which nobody asks for again
        targets = heads[series, stretch]
        # Another edition of a read number waits too, for an unread one between the lowest and it.
        waits = (targets != ABSENT) & (targets < places) & (is_open | (stretch == ONWARD))
        yields = is_open & (stretch == PREQUELS) & (onward[series] == first)
        return onward, np.where(yields, first, np.where(waits, targets, places))

    def author_of(self, books: Int32s) -> Int32s:
        """Return int32: the first author of each of these books, -1 for none and for a book without a number.

        Args:
            books: int32, rows of books.
        """
        authors = np.full(self.n_books, ABSENT, np.int32)
        authors[self.books] = self.author
        return authors[books]

    @cached_property
    def most_popular(self) -> Int32s:
        """int32[v]: the most popular edition of each volume."""
        return self.books[np.searchsorted(self.volume, np.arange(len(self.number)))]

    @cached_property
    def has_editions(self) -> Bools:
        """bool[v]: which volumes have several editions."""
        return np.asarray(np.bincount(self.volume, minlength=len(self.number)) > 1)

    @cached_property
    def is_prequel(self) -> Bools:
        """bool[v]: which volumes come before the one with which their series begins."""
        return np.asarray(np.arange(len(self.number)) < self.first[self.series])

    @cached_property
    def places_of_editions(self) -> Int32s:
        """The places in `books` of all books whose volume has several, rising."""
        return np.flatnonzero(self.has_editions[self.volume]).astype(np.int32)

    @cached_property
    def editions(self) -> tuple[Int64s, Int32s]:
        """The books of all volumes that have several, by volume, author and popularity, and a key of the first two."""
        several = self.places_of_editions
        several = several[np.lexsort((self.author[several], self.volume[several]))]
        return self.edition_key(self.volume[several], self.author[several]), self.books[several]

    def edition_key(self, volume: Int32s, author: Int32s) -> Int64s:
        """Return int64: one number for each pair of a volume and an author.

        Args:
            volume: int32[n].
            author: int32[n], -1 for none.
        """
        return volume.astype(np.int64) * (int(self.author.max(initial=0)) + 2) + author + 1


def _by_volume(books: Int32s, features: BookFeatures) -> Int32s:
    """Sort these books by series and number, the more popular edition first, then the one in the lower row."""
    order = np.lexsort((-features.popularity[books], features.series_number[books], features.series[books]))
    return books[order]


def _place_among(ordered: Int32s, series: Int32s, book: int, features: BookFeatures) -> int:
    """Count how many of these ordered books, of these series, come before this one."""
    start, end = np.searchsorted(series, features.series[book]), np.searchsorted(series, features.series[book], "right")
    same = ordered[start:end]
    number, popularity = features.series_number[same], features.popularity[same]
    own_number, own_popularity = features.series_number[book], features.popularity[book]
    first = (popularity > own_popularity) | ((popularity == own_popularity) & (same < book))
    return int(start + np.count_nonzero((number < own_number) | ((number == own_number) & first)))


def _first_volumes(series: Int32s, number: Float32s) -> Int32s:
    first = np.zeros(int(series.max(initial=-1)) + 1, np.int32)
    backwards = np.arange(len(series))[::-1]
    first[series[backwards]] = backwards
    from_one = backwards[number[backwards] >= FIRST_NUMBER]
    first[series[from_one]] = from_one
    return first


@dataclass(frozen=True)
class NextVolumes:
    """What one reader goes on with in each series.

    Attributes:
        order: all volumes.
        read: int32[r], rows of the books that were read.
        read_volumes: int32, the volumes that were read, rising.
        upcoming: int32[s], the next volume of each series, -1 where there is none.
        targets: int32[v], the volume to be offered for each volume.
    """

    order: SeriesOrder
    read: Int32s
    read_volumes: Int32s
    upcoming: Int32s
    targets: Int32s

    def stand_ins(self, eligible: Bools) -> Int32s:
        """Return int32[n_books]: the book offered in the place of each, itself for most; -1 where it may not be shown.

        Args:
            eligible: bool[n_books], what may be shown.

        >>> features = BookFeatures.of(age_band=np.zeros(4, np.int8), series=np.array([0, 0, 0, -1], np.int32),
        ...                            series_number=np.array([1, 2, 3, np.nan], np.float32))
        >>> volumes = SeriesOrder.of(features).after(np.array([0], np.int32))
        >>> volumes.stand_ins(np.array([False, True, True, True])).tolist()
        [0, 1, 1, 3]
        """
        stand_ins = np.arange(self.order.n_books, dtype=np.int32)
        moved, targets = self._moved
        found = self._editions(eligible, targets, self.order.author[moved])
        books = self.order.books[moved]
        is_prequel = self.order.is_prequel[self.order.volume[moved]]
        stand_ins[books] = np.where((found == ABSENT) & is_prequel, books, found)
        return stand_ins

    def next_in_started(self, read: Int32s, eligible: Bools) -> Int32s:
        """Return int32: the next volume of each series that was started, in the order of its books in `read`.

        Args:
            read: int32, rows of the books that were read, newest first.
            eligible: bool[n_books], what may be shown.
        """
        order = self.order
        started = read[order.volume_of[read] != ABSENT]
        series = order.series[order.volume_of[started]]
        _, place = np.unique(series, return_index=True)
        place = np.sort(place)[self.upcoming[series[np.sort(place)]] != ABSENT]
        found = self._editions(eligible, self.upcoming[series[place]], order.author_of(started[place]))
        return np.asarray(found[found != ABSENT])

    def before(self, book: int) -> int:
        """Find the book with the highest number below this one that was read of its series; -1 if there is none.

        Args:
            book: row of a book, read or not.
        """
        volume = int(self.order.volume_of[book])
        place = int(np.searchsorted(self.read_volumes, volume)) - 1
        if volume == ABSENT or place < 0:
            return ABSENT
        found = int(self.read_volumes[place])
        if self.order.series[found] != self.order.series[volume]:
            return ABSENT
        return int(self.read[np.flatnonzero(self.order.volume_of[self.read] == found)[0]])

    def keeping_back(self, book: int) -> int:
        """Find the book for which this one waits; itself if it waits for none.

        Args:
            book: row of a book, read or not.
        """
        volume = int(self.order.volume_of[book])
        if volume == ABSENT or self.targets[volume] == volume:
            return book
        return int(self.order.books[np.searchsorted(self.order.volume, self.targets[volume])])

    @cached_property
    def _moved(self) -> tuple[Int32s, Int32s]:
        """The places in `order.books` of books that wait for another volume, and that volume."""
        targets = self.targets[self.order.volume]
        moved = np.flatnonzero(targets != self.order.volume).astype(np.int32)
        return moved, targets[moved]

    def _editions(self, eligible: Bools, volumes: Int32s, authors: Int32s) -> Int32s:
        """Find an eligible book of each volume, if possible by this author; int32[len(volumes)], -1 for none."""
        order = self.order
        found = order.most_popular[volumes]
        found[~eligible[found]] = ABSENT
        several = np.flatnonzero(order.has_editions[volumes])  # few: most volumes have one book
        if len(several):
            found[several] = self._edition_of_several(eligible, volumes[several], authors[several])
        return found

    def _edition_of_several(self, eligible: Bools, volumes: Int32s, authors: Int32s) -> Int32s:
        """Find the same for volumes that have several editions."""
        order = self.order
        shown = order.places_of_editions
        shown = shown[eligible[order.books[shown]]]
        if not len(shown):
            return np.full(len(volumes), ABSENT, np.int32)
        # What is sought first of equal ones is the most popular one.
        place = np.minimum(np.searchsorted(order.volume[shown], volumes), len(shown) - 1)
        best = np.where(order.volume[shown][place] == volumes, order.books[shown[place]], ABSENT)
        keys, books = order.editions
        keys, books = keys[eligible[books]], books[eligible[books]]
        wanted = order.edition_key(volumes, authors)
        place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[place] == wanted, books[place], best)


def offered(
    make: Callable[[Bools, int], Sequence[Place]],
    *,
    volumes: NextVolumes,
    eligible: Bools,
    k: int,
    book_of: Callable[[Place], int],
) -> list[tuple[Place, int]]:
    """Make the best k places of a list, with the book that is offered at each.

    Args:
        make: makes the best so many places from books that may earn one, each book at most once; a longer list begins
            with the shorter one, and a list shorter than asked is all there is.
        volumes: what the reader goes on with.
        eligible: bool[n_books], what may be shown.
        k: how many places, >= 0.
        book_of: the book that earned a place.

    Returns:
        At most k places and the book to be offered at each; no book twice.

    >>> features = BookFeatures.of(age_band=np.zeros(3, np.int8), series=np.array([0, 0, -1], np.int32),
    ...                            series_number=np.array([1, 2, np.nan], np.float32))
    >>> volumes = SeriesOrder.of(features).after(np.zeros(0, np.int32))
    >>> def popular(may_earn, k):
    ...     return [book for book in (1, 2, 0) if may_earn[book]][:k]
    >>> offered(popular, volumes=volumes, eligible=np.ones(3, bool), k=2, book_of=int)  # volume 1 in place of volume 2
    [(1, 0), (2, 2)]
    """
    stand_ins = volumes.stand_ins(eligible)
    may_earn = eligible & (stand_ins != ABSENT)
    asked = 2 * k
    while True:
        places = make(may_earn, asked)
        books = stand_ins[[book_of(place) for place in places]] if len(places) else np.zeros(0, np.int32)
        first = np.sort(np.unique(books, return_index=True)[1])[:k]
        if len(first) == k or len(places) < asked:
            return [(places[place], int(books[place])) for place in first]
        asked *= 4
