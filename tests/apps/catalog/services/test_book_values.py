"""What is left of a book after somebody says only a part of it."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.catalog.models import AgeBandSource
from apps.catalog.services.book_values import NOT_KNOWN, BookInput, BookValues, NoTitleError, merge_book
from apps.platform.services.tabular.cells import UNSET
from epicml.audience.bands import AgeBand
from tests.apps.catalog.samples import HOLES

KNOWN, _ = merge_book(HOLES, None)
PICTURE_BOOK = ("Picture books",)


def after(known: BookValues | None = None, **said: object) -> BookValues:
    return merge_book(BookInput(key="1", **said), known)[0]  # type: ignore[arg-type]


class TestWhatIsLeftOut:
    @given(st.sets(st.sampled_from(sorted(NOT_KNOWN.keys() - {"age_band"}))))
    def test_stays_as_it_was(self, names: set[str]) -> None:
        said = {name: getattr(HOLES, name) if name == "title" else NOT_KNOWN[name] for name in names}

        values = after(KNOWN, **said)

        for field in dataclasses.fields(BookValues):
            expected = said.get(field.name, getattr(KNOWN, field.name))
            assert getattr(values, field.name) == expected, field.name

    def test_is_not_known_of_a_new_book(self) -> None:
        values = after(title="x")

        assert (values.authors, values.language, values.ratings_count) == ((), "und", 0)
        assert (values.age_band, values.age_band_source) == (AgeBand.ADULT, AgeBandSource.GUESSED)

    def test_is_not_known_after_the_book_was_replaced(self) -> None:
        replaced = merge_book(BookInput(key="1", title="Holes").replacing(), KNOWN)[0]

        assert replaced == after(title="Holes")

    def test_replacing_leaves_what_was_said(self) -> None:
        assert HOLES.replacing() == HOLES
        assert UNSET not in dataclasses.asdict(BookInput(key="1", title="x").replacing()).values()

    def test_new_book_without_a_title_is_refused(self) -> None:
        with pytest.raises(NoTitleError, match="There is no book '1' yet, and a new one needs a title"):
            after(ratings_count=5)


class TestAgeBand:
    def test_that_was_given_outlives_files_that_do_not_say_it(self) -> None:
        values = after(KNOWN, title="Holes", ratings_count=1, genres=PICTURE_BOOK)

        assert (values.age_band, values.age_band_source) == (AgeBand.AGES_9_TO_11, AgeBandSource.GIVEN)
        assert values.reading_level == 5

    def test_is_guessed_from_the_genres_and_says_from_which(self) -> None:
        values = after(title="x", genres=("Bears", "Picture books"))

        assert (values.age_band, values.age_band_source, values.reading_level) == (
            AgeBand.AGES_0_TO_5,
            AgeBandSource.GUESSED,
            1,
        )
        assert values.guessed_from == ("Picture books",)

    def test_that_was_guessed_is_guessed_again_when_genres_come(self) -> None:
        first = after(title="x", genres=("YA",))

        values = after(first, genres=PICTURE_BOOK)

        assert (first.age_band, first.reading_level) == (AgeBand.AGES_15_TO_17, 10)
        assert (values.age_band, values.reading_level) == (AgeBand.AGES_0_TO_5, 1)

    def test_that_was_guessed_stays_where_nothing_new_is_said_of_it(self) -> None:
        stored = dataclasses.replace(after(title="x"), age_band=AgeBand.AGES_6_TO_8)  # guessed by an older rule

        assert after(stored, ratings_count=9).age_band is AgeBand.AGES_6_TO_8

    def test_reading_level_that_was_given_outlives_a_new_guess(self) -> None:
        first = after(title="x", genres=("YA",), reading_level=6)

        assert after(first, genres=PICTURE_BOOK).reading_level == 6

    def test_of_none_is_guessed_whatever_was_known(self) -> None:
        values = after(KNOWN, age_band=None, genres=PICTURE_BOOK)

        assert (values.age_band, values.age_band_source) == (AgeBand.AGES_0_TO_5, AgeBandSource.GUESSED)


class TestStaff:
    BY_STAFF = after(KNOWN, age_band=AgeBand.AGES_12_TO_14, reading_level=8, by_staff=True)

    @pytest.mark.parametrize(
        "said",
        [
            {"age_band": AgeBand.AGES_0_TO_5},
            {"age_band": None, "genres": PICTURE_BOOK},
            {"genres": PICTURE_BOOK, "reading_level": 1},
            {"title": "Other", "age_band": AgeBand.ADULT, "reading_level": None},
        ],
    )
    def test_sets_a_band_that_no_import_undoes(self, said: dict[str, object]) -> None:
        values = after(self.BY_STAFF, **said)

        assert (values.age_band, values.age_band_source, values.reading_level) == (
            AgeBand.AGES_12_TO_14,
            AgeBandSource.STAFF,
            8,
        )

    def test_whoever_says_another_band_is_told(self) -> None:
        _, remarks = merge_book(BookInput(key="1", age_band=AgeBand.AGES_0_TO_5), self.BY_STAFF)

        assert [remark.field for remark in remarks] == ["age_band"]
        assert merge_book(BookInput(key="1", age_band=AgeBand.AGES_12_TO_14), self.BY_STAFF)[1] == ()

    def test_may_set_another_band_or_let_the_genres_decide_again(self) -> None:
        assert after(self.BY_STAFF, age_band=AgeBand.ADULT, by_staff=True).age_band is AgeBand.ADULT

        values = after(self.BY_STAFF, age_band=None, reading_level=None, genres=PICTURE_BOOK, by_staff=True)
        assert (values.age_band, values.age_band_source, values.reading_level) == (
            AgeBand.AGES_0_TO_5,
            AgeBandSource.GUESSED,
            1,
        )
