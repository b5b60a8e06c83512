from dataclasses import replace

import orjson

from apps.catalog.selectors.shelf import shelf
from apps.search.services.shown import shown_book


class TestShownBook:
    def test_is_title_words_and_at_most_two_authors(self, full_library: None) -> None:
        card = replace(shelf().card("potter2"), authors=("A", "B", "C"))
        shown = shown_book(card)
        assert (shown.text, shown.detail) == ("Harry Potter and the Chamber of Secrets", "A, B")
        assert [word.text for word in shown.words][:2] == ["harry", "potter"]
        assert orjson.loads(orjson.dumps(shown.json)) == {
            **card.as_json(),
            "authors": ["A", "B", "C"],
            "genres": list(card.genres),
            "isbns": list(card.isbns),
        }

    def test_is_worked_out_once_for_each_state_of_the_book(self, full_library: None) -> None:
        card = shelf().card("holes")
        assert shown_book(card) is shown_book(card)
        changed = replace(card, title="Other Holes")
        assert shown_book(changed).text == "Other Holes"
