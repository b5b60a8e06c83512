from apps.search.engines.embedded.schema import book_document, cursor_document
from apps.search.engines.protocol import IndexedBook
from epicml.audience.bands import AgeBand
from epicml.search.fields import BookText

BOOK = IndexedBook(id=7, text=BookText("My Owl", ["Ann Bo"]), age_band=AgeBand.AGES_12_TO_14, popularity=30)


class TestBookDocument:
    def test_holds_the_tokens_of_each_field(self) -> None:
        values = book_document(BOOK).to_dict()
        assert values["exact"] == ["my_owl_"]
        assert values["stem"] == ["ann bo my owl"]
        assert values["series"] == [""]

    def test_names_every_band_that_may_see_it(self) -> None:
        assert book_document(BOOK).to_dict()["audience"] == ["3 4 5"]

    def test_holds_id_and_popularity(self) -> None:
        values = book_document(BOOK).to_dict()
        assert (values["id"], values["popularity"]) == ([7], [30])


class TestCursorDocument:
    def test_has_nothing_that_a_reader_could_find(self) -> None:
        assert set(cursor_document(9).to_dict()) == {"cursor", "is_cursor"}
