from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.catalog.models import Author, Book, BookAuthor, Change, Series
from epicml.audience.bands import AgeBand
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


def row(key: str = "owl", **fields: Any) -> Book:
    """A book straight into the table, without any service."""
    return Book.objects.create(key=key, **{"title": "Owl", "updated_at": NOW, **fields})


def refused(**fields: Any) -> str:
    """Which constraint of the database stops this row."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        row(**fields)
    return str(caught.value)


class TestBook:
    @pytest.mark.parametrize("age_band", [6, 7, 32_767])
    def test_of_no_known_age_band_is_refused(self, age_band: int) -> None:
        assert "book_age_band_known" in refused(age_band=age_band)

    @pytest.mark.parametrize("age_band", [-1, None])
    def test_of_a_negative_age_band_or_none_is_refused(self, age_band: int | None) -> None:
        assert "age_band" in refused(age_band=age_band)

    def test_of_which_nothing_is_said_is_for_adults(self) -> None:
        assert row().age_band == AgeBand.ADULT

    @pytest.mark.parametrize("level", [0, 13])
    def test_with_a_reading_level_out_of_range_is_refused(self, level: int) -> None:
        assert "book_reading_level_1_to_12" in refused(reading_level=level)

    @pytest.mark.parametrize("level", [None, 1, 12])
    def test_with_a_reading_level_or_none_is_stored(self, level: int | None) -> None:
        row(reading_level=level)

    def test_without_a_title_is_refused(self) -> None:
        assert "book_has_title" in refused(title="")

    def test_is_one_for_each_key_also_after_it_was_withdrawn(self) -> None:
        row("owl", withdrawn_at=NOW)
        assert "key" in refused(key="owl")

    def test_with_fewer_than_no_ratings_is_refused(self) -> None:
        assert "ratings_count" in refused(ratings_count=-1)

    def test_outlives_its_series(self) -> None:
        book = row(series=Series.objects.create(name="Owls"))
        Series.objects.all().delete()
        book.refresh_from_db()
        assert book.series is None

    def test_is_live_until_it_is_withdrawn(self) -> None:
        row("owl")
        row("fox", withdrawn_at=NOW)
        assert [book.key for book in Book.objects.live()] == ["owl"]


class TestNames:
    @pytest.mark.parametrize("model", [Author, Series])
    def test_stand_once(self, model: type[Author] | type[Series]) -> None:
        model.objects.create(name="Owls")
        with pytest.raises(IntegrityError), transaction.atomic():
            model.objects.create(name="Owls")


class TestBookAuthor:
    def test_stands_alone_at_its_place(self) -> None:
        book, ada, tom = row(), Author.objects.create(name="Ada"), Author.objects.create(name="Tom")
        BookAuthor.objects.create(book=book, author=ada, position=0)
        BookAuthor.objects.create(book=book, author=tom, position=1)
        with pytest.raises(IntegrityError), transaction.atomic():
            BookAuthor.objects.create(book=book, author=tom, position=0)


class TestChange:
    def test_takes_a_higher_number_than_all_before(self) -> None:
        book = row()
        first, second = (Change.objects.create(book=book, kind="upsert", at=NOW).number for _ in range(2))
        assert second > first
        Change.objects.filter(number=second).delete()
        assert Change.objects.create(book=book, kind="delete", at=NOW).number > second  # a number comes never again
