"""Each expected volume is worked out from the sentences of the rule; a loop over all volumes is the second reading."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.datasets.arrays import Bools, Int32s
from epicml.datasets.features import BookFeatures
from epicml.datasets.id_map import ABSENT
from epicml.recommenders.series import NextVolumes, SeriesOrder, offered

NAN = float("nan")
IDS = st.sets(st.integers(0, 7))


def order_of(
    numbers: Sequence[float],
    *,
    series: list[int] | None = None,
    authors: list[int] | None = None,
    known: list[int] | None = None,
) -> SeriesOrder:
    """Books with these numbers, of one series and author where nothing else is said; `known` is their popularity."""
    n = len(numbers)
    return SeriesOrder.of(
        BookFeatures.of(
            age_band=np.zeros(n, np.int8),
            series=np.array(series or [0] * n, np.int32),
            series_number=np.array(numbers, np.float32),
            author=np.array(authors or [0] * n, np.int32),
            popularity=np.array(known or [0] * n, np.float64),
        )
    )


def rows(*books: int) -> Int32s:
    return np.array(books, np.int32)


def all_but(n: int, *books: int) -> Bools:
    mask = np.ones(n, np.bool_)
    mask[list(books)] = False
    return mask


def stand_ins(order: SeriesOrder, *read: int, without: Sequence[int] = (), at_hand: int = ABSENT) -> list[int | None]:
    """What is offered in the place of each book; None for those that were read or may not be shown themselves."""
    mask = all_but(order.n_books, *read, *without)
    found = order.after(rows(*read), at_hand=at_hand).stand_ins(mask).tolist()
    return [book if mask[place] else None for place, book in enumerate(found)]


class TestStandIns:
    def test_are_the_first_volume_for_who_read_none(self) -> None:
        assert stand_ins(order_of([3, 1, 2, NAN])) == [1, 1, 1, 3]

    def test_are_the_lowest_unread_volume_above_the_lowest_one_read(self) -> None:
        # books 0 to 5 are volumes 1 to 6
        order = order_of([1, 2, 3, 4, 5, 6])
        assert stand_ins(order, 0) == [None, 1, 1, 1, 1, 1]
        assert stand_ins(order, 0, 2, 3) == [None, 1, None, None, 1, 1]
        assert stand_ins(order, 0, 1, 2) == [None, None, None, 3, 3, 3]

    def test_go_on_for_who_began_in_the_middle_and_back_to_the_start(self) -> None:
        # volume 3 was read: 4 comes next; of the volumes before it the first one comes first
        assert stand_ins(order_of([1, 2, 3, 4, 5]), 2) == [0, 0, None, 3, 3]

    def test_pass_over_a_number_that_no_book_has(self) -> None:
        assert stand_ins(order_of([2, 4, 5])) == [0, 0, 0]
        assert stand_ins(order_of([2, 4, 5]), 0) == [None, 1, 1]

    def test_count_numbers_between(self) -> None:
        assert stand_ins(order_of([1, 2, 1.5, 3]), 0) == [None, 2, 2, 2]

    def test_let_no_prequel_stand_before_the_first_volume(self) -> None:
        # numbers 0, .5, 1 and 2: while the first volume is next it takes the place of the prequels too
        order = order_of([0, 0.5, 1, 2])
        assert stand_ins(order) == [2, 2, 2, 2]
        assert stand_ins(order, 1) == [2, None, 2, 2]
        assert stand_ins(order, 2) == [0, 0, None, 3]
        assert stand_ins(order, 0, 2) == [None, 1, None, 3]

    def test_begin_with_the_lowest_number_of_a_series_of_prequels_only(self) -> None:
        assert stand_ins(order_of([0.2, 0.1, 0.4])) == [1, 1, 1]

    def test_are_none_where_the_earlier_volume_may_not_be_shown(self) -> None:
        assert stand_ins(order_of([1, 2, 3]), without=(0,)) == [None, ABSENT, ABSENT]
        assert stand_ins(order_of([1, 2, 3]), 0, without=(1,)) == [None, None, ABSENT]

    def test_leave_a_prequel_where_the_first_volume_may_not_be_shown(self) -> None:
        assert stand_ins(order_of([0.5, 1, 2]), without=(1,)) == [0, None, ABSENT]

    def test_stay_inside_one_series(self) -> None:
        order = order_of([1, 2, 2, 1, 3, 7], series=[0, 0, 1, 1, 0, -1])
        assert stand_ins(order, 0) == [None, 1, 3, 3, 1, 5]

    def test_leave_books_without_a_number_alone(self) -> None:
        # the fourth is a set of several volumes: it keeps none back, waits for none, and reading it reads no number
        order = order_of([1, 2, 3, NAN])
        assert stand_ins(order, 3) == [0, 0, 0, None]

    def test_take_a_number_for_read_when_one_edition_is(self) -> None:
        # 0 and 1 are editions of volume 1, of which one was read; the other one waits for nothing
        assert stand_ins(order_of([1, 1, 2, 3]), 1) == [0, None, 2, 2]

    def test_let_another_edition_of_a_read_number_wait_for_an_unread_one_before_it(self) -> None:
        # volumes 1 and 3 were read, 2 was not: neither 4 nor the second edition of 3 comes before 2
        assert stand_ins(order_of([1, 2, 3, 3, 4]), 0, 2) == [None, 1, None, 1, 1]

    def test_prefer_the_edition_by_the_same_author_then_the_popular_one(self) -> None:
        # two series of one name: 0 and 2 by author 1, 1 and 3 by author 2; 4 is by nobody of them
        order = order_of([1, 1, 2, 2, 3], authors=[1, 2, 1, 2, 3], known=[5, 9, 0, 0, 0])
        assert stand_ins(order) == [0, 1, 0, 1, 1]
        assert stand_ins(order, without=(1,))[2:] == [0, 0, 0]

    def test_let_the_book_that_is_looked_at_stand_for_itself(self) -> None:
        order = order_of([1, 2, 3, 4])
        assert stand_ins(order, without=(0,), at_hand=0) == [None, 1, 1, 1]
        assert stand_ins(order, without=(2,), at_hand=2)[:2] == [0, 0]  # not read: one begins with the first volume
        assert stand_ins(order, 0, without=(1,), at_hand=1) == [None, None, 2, 2]

    def test_are_all_books_themselves_where_no_series_is(self) -> None:
        assert stand_ins(order_of([NAN, NAN])) == [0, 1]
        assert stand_ins(order_of([1, 2], series=[-1, -1]), 0) == [None, 1]


def by_loops(numbers: list[float], read: set[int], eligible: list[bool], book: int) -> float | None:
    """The number to be offered in the place of this unread book of a series without editions; None for none."""
    been = [numbers[one] for one in read]
    unread = sorted(number for place, number in enumerate(numbers) if place not in read)
    main = [number for number in numbers if number >= 1]
    first = min(main) if main else min(numbers)
    onward = [n for n in unread if n >= first and (not been or n > min(been))]
    number = numbers[book]
    if number < first:
        begins = bool(onward) and onward[0] == first
        wanted = first if begins else min(n for n in unread if n < first)
        return wanted if eligible[numbers.index(wanted)] else number
    wanted = onward[0] if number in onward else min(n for n in unread if n >= first and n not in onward)
    return wanted if eligible[numbers.index(wanted)] else None


@st.composite
def libraries(draw: st.DrawFn) -> tuple[list[float], set[int], list[bool]]:
    numbers = draw(st.lists(st.sampled_from([0, 0.5, 1, 1.5, 2, 3, 4, 5, 8]), min_size=1, unique=True))
    read = draw(st.sets(st.integers(0, len(numbers) - 1)))
    shown = draw(st.lists(st.booleans(), min_size=len(numbers), max_size=len(numbers)))
    return [float(number) for number in numbers], read, shown


class TestEverySeries:
    @given(libraries())
    def test_is_offered_as_a_loop_over_its_volumes_finds(
        self, library: tuple[list[float], set[int], list[bool]]
    ) -> None:
        numbers, read, shown = library
        mask = np.array([shown[book] and book not in read for book in range(len(numbers))])
        found = order_of(numbers).after(rows(*sorted(read))).stand_ins(mask)
        for book in np.flatnonzero(mask).tolist():
            number = by_loops(numbers, read, mask.tolist(), book)
            assert found[book] == (ABSENT if number is None else numbers.index(number))

    @given(libraries(), st.integers(1, 9))
    def test_lists_no_volume_before_the_one_that_comes_next(
        self, library: tuple[list[float], set[int], list[bool]], k: int
    ) -> None:
        numbers, read, shown = library
        mask = np.array([shown[book] and book not in read for book in range(len(numbers))])
        volumes = order_of(numbers).after(rows(*sorted(read)))
        found = [
            book for _, book in offered(Ranking(range(len(numbers))), volumes=volumes, eligible=mask, k=k, book_of=int)
        ]
        assert len(found) == len(set(found)) <= k
        lowest = min((numbers[book] for book in read), default=0)
        onward = sorted(n for place, n in enumerate(numbers) if n >= 1 and n > lowest and place not in read)
        for book in found:
            assert mask[book]
            assert numbers[book] not in onward[1:]


class Ranking:
    """Makes lists of these books in this order, and remembers how many were asked for."""

    def __init__(self, books: Sequence[int]) -> None:
        self.books = books
        self.asked: list[int] = []

    def __call__(self, may_earn: Bools, k: int) -> list[int]:
        self.asked.append(k)
        return [book for book in self.books if may_earn[book]][:k]


def listed(
    order: SeriesOrder, *read: int, ranked: list[int], k: int, without: tuple[int, ...] = ()
) -> list[tuple[int, int]]:
    mask = all_but(order.n_books, *read, *without)
    return offered(Ranking(ranked), volumes=order.after(rows(*read)), eligible=mask, k=k, book_of=int)


class TestOffered:
    def test_puts_the_next_volume_in_the_place_of_the_first_later_one(self) -> None:
        # 0 to 3 are volumes 1 to 4 of a series, 4 and 5 stand alone
        order = order_of([1, 2, 3, 4, NAN, NAN])
        assert listed(order, ranked=[4, 2, 3, 0, 5, 1], k=3) == [(4, 4), (2, 0), (5, 5)]

    def test_asks_for_more_until_the_list_is_full(self) -> None:
        order = order_of([*range(1, 101), NAN, NAN])
        make = Ranking([*range(99, -1, -1), 100, 101])
        found = offered(make, volumes=order.after(rows()), eligible=all_but(102), k=3, book_of=int)
        assert [book for _, book in found] == [0, 100, 101]
        assert make.asked == [6, 24, 96, 384]

    def test_gives_all_there_is(self) -> None:
        assert listed(order_of([1, 2, 3]), ranked=[2, 1, 0], k=3) == [(2, 0)]
        assert listed(order_of([1, 2, 3]), 0, 1, 2, ranked=[0, 1, 2], k=3) == []

    def test_asks_for_no_book_whose_earlier_volume_may_not_be_shown(self) -> None:
        assert listed(order_of([1, 2, NAN]), ranked=[1, 2], without=(0,), k=2) == [(2, 2)]

    def test_gives_nothing_where_nothing_is_asked(self) -> None:
        assert listed(order_of([1, 2]), ranked=[1, 0], k=0) == []


class TestNextInBegun:
    def next_of(self, order: SeriesOrder, *read: int, without: tuple[int, ...] = ()) -> list[int]:
        volumes: NextVolumes = order.after(rows(*read))
        found = volumes.next_in_started(rows(*read), all_but(order.n_books, *read, *without))
        return [int(book) for book in found]

    def test_follows_the_series_read_last(self) -> None:
        # series 0: books 0, 1; series 1: books 2, 3; series 2 was not started
        order = order_of([1, 2, 1, 2, 1, 2], series=[0, 0, 1, 1, 2, 2])
        assert self.next_of(order, 2, 0) == [3, 1]
        assert self.next_of(order, 0, 2) == [1, 3]

    def test_is_the_lowest_unread_one_though_a_later_one_was_read(self) -> None:
        assert self.next_of(order_of([1, 2, 3]), 2, 0) == [1]

    def test_is_none_at_the_end_of_a_series_and_where_it_may_not_be_shown(self) -> None:
        assert self.next_of(order_of([1, 2]), 1, 0) == []
        assert self.next_of(order_of([1, 2, 3]), 1) == [2]  # volume 1 lies behind
        assert self.next_of(order_of([1, 2, 3]), 0, without=(1,)) == []

    def test_is_by_the_author_that_was_read(self) -> None:
        assert self.next_of(order_of([1, 2, 2], authors=[1, 2, 1], known=[0, 9, 1]), 0) == [2]

    def test_is_none_for_who_read_no_volume(self) -> None:
        assert self.next_of(order_of([NAN, 2, 3], series=[-1, 0, 0]), 0) == []


class TestBefore:
    def test_is_the_highest_number_read_below(self) -> None:
        volumes = order_of([1, 2, 3, 4, 5]).after(rows(3, 0, 1))
        assert [volumes.before(book) for book in range(5)] == [ABSENT, 0, 1, 1, 3]

    def test_is_none_in_another_series_or_without_a_number(self) -> None:
        volumes = order_of([1, 2, NAN], series=[0, 1, 0]).after(rows(0))
        assert (volumes.before(1), volumes.before(2)) == (ABSENT, ABSENT)

    def test_is_the_edition_read_last(self) -> None:
        assert order_of([1, 1, 2]).after(rows(1, 0)).before(2) == 1


class TestKeepingBack:
    def test_is_the_volume_that_comes_next(self) -> None:
        volumes = order_of([1, 2, 3, NAN]).after(rows(0))
        assert [volumes.keeping_back(book) for book in range(4)] == [0, 1, 1, 3]


class TestUpdated:
    @given(st.data())
    def test_is_the_order_that_these_books_have(self, data: st.DataObject) -> None:
        """Rows are ids here: of eight books some are there before, and others after; some of those that stay change."""
        before, now = (self.books(data, exist) for exist in (data.draw(IDS), data.draw(IDS)))
        stays = {book: data.draw(st.booleans()) for book in sorted(before.keys() & now.keys())}
        now |= {book: before[book] for book, unchanged in stays.items() if unchanged}
        row = {book: place for place, book in enumerate(sorted(now))}
        moved = [row[book] if stays.get(book) else ABSENT for book in sorted(before)]
        changed = [row[book] for book in sorted(now) if not stays.get(book)]

        updated = SeriesOrder.of(self.features(before)).updated(
            self.features(now), moved=np.array(moved, np.int32), changed=np.array(changed, np.int32)
        )

        expected = SeriesOrder.of(self.features(now))
        assert updated.n_books == len(now)
        for name in ("books", "volume", "author", "number", "series", "first"):
            assert getattr(updated, name).tolist() == getattr(expected, name).tolist(), name

    def test_orders_all_anew_where_many_changed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("epicml.recommenders.series.MOST_PUT_IN", 1)
        features = self.features({1: (0, 2.0, 0, 5), 2: (0, 1.0, 0, 5)})
        order = order_of([1, 2]).updated(features, moved=rows(-1, -1), changed=rows(0, 1))
        assert order.books.tolist() == [1, 0]

    @staticmethod
    def books(data: st.DataObject, exist: set[int]) -> dict[int, tuple[int, float, int, int]]:
        values = st.tuples(
            st.sampled_from([ABSENT, 0, 1, 4]),
            st.sampled_from([NAN, 0.5, 1.0, 2.0]),
            st.integers(-1, 1),
            st.integers(0, 2),
        )
        return {book: data.draw(values) for book in sorted(exist)}

    @staticmethod
    def features(books: dict[int, tuple[int, float, int, int]]) -> BookFeatures:
        series, numbers, authors, known = (
            zip(*(books[book] for book in sorted(books)), strict=True) if books else [()] * 4
        )
        return BookFeatures.of(
            age_band=np.zeros(len(books), np.int8),
            series=np.array(series, np.int32),
            series_number=np.array(numbers, np.float32),
            author=np.array(authors, np.int32),
            popularity=np.array(known, np.float64),
        )
