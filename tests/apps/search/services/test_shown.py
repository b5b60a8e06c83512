import orjson
import pytest
from django.utils import timezone

from apps.catalog.selectors.books import book_ids
from apps.catalog.selectors.shelf import shelf
from apps.catalog.services.books import delete_books, save_books
from apps.search.services.shown import ShownBook, shown_books
from epicml.audience.bands import AgeBand
from tests.apps.catalog.samples import a_book

pytestmark = pytest.mark.django_db


def shown(*keys: str, audience: AgeBand = AgeBand.ADULT) -> list[ShownBook]:
    ids = book_ids(keys)
    return shown_books(shelf(), [ids[key] for key in keys], audience=audience)


class TestShownBooks:
    def test_are_title_words_and_at_most_two_authors(self, full_library: None) -> None:
        save_books([a_book("three", title="Three Hands (Tales, #1)", authors=["A", "B", "C"])], now=timezone.now())
        [line] = shown("three")
        assert (line.text, line.detail) == ("Three Hands", "A, B")
        assert [word.text for word in line.words] == ["three", "hands"]
        book = line.card.as_json()
        lists = {name: list(book[name]) for name in ("authors", "genres", "isbns")}
        assert orjson.loads(orjson.dumps(line.json)) == {**book, **lists}

    def test_are_worked_out_once_for_each_state_of_a_book(self, full_library: None) -> None:
        [before], [again] = shown("holes"), shown("holes")
        assert again is before
        save_books([a_book("holes", title="Other Holes")], now=timezone.now())
        assert [line.text for line in shown("holes")] == ["Other Holes"]

    def test_lack_those_above_the_band_and_those_withdrawn(self, full_library: None) -> None:
        now = timezone.now()
        save_books([a_book("young", age_band=AgeBand.AGES_0_TO_5), a_book("old", age_band=AgeBand.ADULT)], now=now)
        children = [line.card.key for line in shown("young", "old", audience=AgeBand.AGES_6_TO_8)]
        assert children == ["young"]
        delete_books(["young"], now=now)
        assert [line.card.key for line in shown("young", "old")] == ["old"]
