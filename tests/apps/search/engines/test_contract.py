"""What every search engine keeps to."""

from dataclasses import replace
from typing import Any

import pytest

from apps.catalog.selectors.shelf import shelf
from apps.catalog.services.books import delete_books, save_books
from epicml.audience.bands import AgeBand
from tests.apps.search.library import NOON, books, keys_of, main_title, plain
from tests.apps.search.searching import Searched, Searching, found, named, suggested

BOOKS = {book.key: book for book in books()}
FORMS = {key: "_".join(plain(main_title(book))) + "_" for key, book in BOOKS.items()}
HOSTILE = (
    "",
    " ",
    "\t\n",
    '+-"()*:^~[]{}',
    "AND",
    "NOT holes OR",
    'title:"holes" AND -it',
    "hol*s",
    "harry~2",
    "/h.*/",
    "[a TO z]",
    "\\",
    "'; DROP TABLE catalog_book; --",
    "%",
    "__",
    "\0",
    "\ud800",
    "\u202eselom",
    "\N{ZERO WIDTH JOINER}",
    "\N{PILE OF POO}" * 50,
    "e\u0301" * 100,
    "x" * 200,
    "a " * 100,
    "ẞßſ" * 20,
    "三国 演义",
    "9" * 200,
    "&" * 200,
    "l'" * 100,
    "j." * 100,
    "one " * 50,
    "twenty-" * 28,
    "the first book " * 13,
    "x i v " * 33,
    "978" * 66,
    "isbn",
    "ال" * 100,
    "源" * 200,
    "\N{SOFT HYPHEN}" * 200,
    "=4 =4",
    "a__b",
)


def save(key: str, **changes: Any) -> None:
    """The book of this key is saved with some of its values changed."""
    save_books([replace(BOOKS[key], **changes)], now=NOON)


def every_word() -> list[tuple[str, str]]:
    """Each book with each word of its title, author and series."""
    return [
        (key, word)
        for key, book in BOOKS.items()
        for text in (main_title(book), *book.authors, book.series or "")
        for word in plain(text)
    ]


class TestEveryEngine:
    def test_suggests_a_book_by_any_word_of_title_author_and_series(self, searching: Searching) -> None:
        engine = searching.engine()
        assert [(key, word) for key, word in every_word() if key not in suggested(engine, f"{word} ")] == []

    def test_suggests_a_book_by_the_beginning_of_any_word(self, searching: Searching) -> None:
        engine = searching.engine()
        begun = [(key, word[: len(word) // 2 + 1]) for key, word in every_word()]
        assert [(key, part) for key, part in begun if key not in suggested(engine, part)] == []

    def test_finds_a_book_by_any_word_of_title_author_and_series(self, searching: Searching) -> None:
        engine = searching.engine()
        assert [(key, word) for key, word in every_word() if key not in found(engine, word)] == []

    def test_finds_words_from_different_fields_together(self, searching: Searching) -> None:
        engine = searching.engine()
        assert suggested(engine, "dahl fox")[0] == "fox"
        assert found(engine, "rowling azkaban")[0] == "potter3"

    def test_finds_other_forms_of_a_word(self, searching: Searching) -> None:
        assert set(found(searching.engine(), "dragons")) == {"dragons1", "dragons2", "train", "tattoo"}

    def test_takes_accents_case_and_apostrophes_for_nothing(self, searching: Searching) -> None:
        engine = searching.engine()
        for text, key in (("MISERABLES", "miserables"), ("gruffe", "grueffelo"), ("dont let", "dont")):
            assert suggested(engine, text)[0] == key
        assert found(engine, "Charlotte’s")[0] == "web"

    def test_puts_titles_that_start_so_first_and_by_popularity(self, searching: Searching) -> None:
        engine = searching.engine()
        starts = {form[:length] for form in FORMS.values() for length in range(1, 13)}
        for start in sorted(starts):
            starting = [key for key, form in FORMS.items() if form.startswith(start)]
            expected = sorted(starting, key=lambda key: -BOOKS[key].ratings_count)
            assert suggested(engine, start.replace("_", " "))[: len(expected)] == expected, start

    def test_puts_books_with_all_words_before_books_with_any(self, searching: Searching) -> None:
        answer = found(searching.engine(), "dragon tattoo")
        assert answer[0] == "tattoo"
        assert set(answer[1:]) == {"dragons1", "dragons2", "train"}

    def test_names_books_by_author_and_series(self, searching: Searching) -> None:
        engine = searching.engine()
        assert named(engine, "dah") == ["matilda", "fox"]
        assert named(engine, "stephen k") == ["shining", "it"]
        assert named(engine, "hunger g") == ["games", "fire"]
        assert named(engine, "holes") == []

    def test_never_shows_a_book_above_the_band(self, searching: Searching) -> None:
        engine, bands = searching.engine(), {card.id: card.age_band for card in shelf().cards}
        texts = {word[:length] for _, word in every_word() for length in (1, 4, len(word))}
        for band in AgeBand:
            shown: set[int] = set()
            for text in texts:
                suggestions = engine.suggest(text, band=band, limit=50)
                shown.update(suggestions.books, suggestions.named, engine.search(text, band=band, limit=50).books)
            assert shown == {book for book, of in bands.items() if of <= band}

    def test_keeps_to_the_limit_and_repeats_no_book(self, searching: Searching) -> None:
        engine = searching.engine()
        for limit in (1, 2, 5):
            answer = suggested(engine, "h", limit=limit)
            assert len(answer) == len(set(answer)) == limit
        everything = found(engine, "the harry dragon king it")
        assert len(everything) == len(set(everything))

    def test_answers_the_same_again(self, searching: Searching) -> None:
        engine = searching.engine()
        for text in ("h", "harry", "the dragon"):
            assert suggested(engine, text) == suggested(engine, text)
            assert found(engine, text) == found(engine, text)

    def test_answers_hostile_text_without_an_error(self, searching: Searching) -> None:
        engine = searching.engine()
        for text in HOSTILE:
            for ask in (suggested, named, found):
                answer = ask(engine, text)
                assert len(answer) == len(set(answer)), text
        assert suggested(engine, "mati")[0] == "matilda"  # it answers on

    def test_finds_nothing_where_there_is_no_word(self, searching: Searching) -> None:
        engine = searching.engine()
        for text in (
            "",
            "  ",
            '+-"()*:^~[]{}',
            "\0",
            "\ud800",
            "\\",
            "&",
            "\N{GRINNING FACE}",
            "\u200b\ufeff",
            "_",
            "…",
        ):
            assert (suggested(engine, text), named(engine, text), found(engine, text)) == ([], [], []), text

    def test_has_nothing_to_say_without_books(self, searching: Searching) -> None:
        delete_books(list(BOOKS), now=NOON)
        engine = searching.engine()
        assert (suggested(engine, "h"), named(engine, "h"), found(engine, "holes")) == ([], [], [])


# Each title and author as others would write them: what is typed, and the key of the book that is meant.
READINGS = (
    *(("harry pott", "potter1"), ("harry potter book 2", "potter2"), ("harry potter vol. 3", "potter3")),
    *(("harry potter #3", "potter3"), ("harry potter part two", "potter2"), ("harry potter second book", "potter2")),
    *(("harry potter and the sorcerers", "potter1"), ("pott sorc", "potter1"), ("hung cate", "hungry")),
    *(("fantastic mister fox", "fox"), ("fantastic mr fox", "fox"), ("FANTASTIC MR. FOX", "fox")),
    *(("nineteen eighty-four", "1984"), ("nineteen eighty four", "1984"), ("nineteen eigh", "1984")),
    *(("jrr tolkien", "hobbit"), ("j r r tolkien", "hobbit"), ("j.r.r.", "hobbit"), ("jrr", "hobbit")),
    *(("jk rowling", "potter1"), ("j k rowling", "potter1"), ("J. K. Rowling", "potter1"), ("eb white", "web")),
    *(("der grueffelo", "grueffelo"), ("DER GRÜFFELO", "grueffelo"), ("der gruffelo", "grueffelo")),
    *(("charlotte s web", "web"), ("charlottes web", "web"), ("char\u00adlotte's\u00a0web", "web")),
    *(("don t let", "dont"), ("don’t let", "dont"), ("catching fire (the hunger games, #2)", "fire")),
    *(("gruffalo", "gruffalo"), ("hunger games", "games"), ("h\u200boles\ufeff", "holes")),
)
NEW_TITLES = {
    "Pride & Prejudice": ("pride and prejudice", "pride & prejudice", "pride und prejudice", "pride and prej"),
    "Max und Moritz": ("max & moritz", "max und moritz", "max and moritz"),
    "Henry IV": ("henry iv", "henry 4", "henry four", "henry the fourth", "Henry the 4th"),
    "L'Étranger": ("etranger", "l'etranger", "letranger", "l etranger", "L’ÉTRANGER", "étranger"),
    "Tales of the O'Briens": ("obriens", "o'briens", "o briens", "o’briens"),
    "T. Rex Rules": ("trex", "t rex", "t-rex", "T. Rex", "t.rex"),
    "You've Got E-Mail": ("email", "e-mail", "e mail", "youve got email"),
    "Twenty-One Balloons": ("21 balloons", "twenty one balloons", "twenty-one ball"),
    "القطة الصغيرة": ("قطة", "القطة", "القطه", "الْقِطَّة", "صغيرة"),
    "源氏物語": ("物語", "源氏", "源氏物語", "氏物"),
    "แมวน้อย": ("แมว", "น้อย"),
    "Saint Clare's School": ("st clares", "st. clare's", "saint clare"),
    "20,000 Leagues Under the Sea": ("20000 leagues", "twenty thousand leagues", "20,000 leag"),
}


class TestEveryEngineReads:
    def test_what_is_typed_in_every_usual_way(self, searching: Searching) -> None:
        engine = searching.engine()
        assert [pair for pair in READINGS if suggested(engine, pair[0])[:1] != [pair[1]]] == []
        assert [pair for pair in READINGS if found(engine, pair[0])[:1] != [pair[1]]] == []

    def test_a_title_in_every_usual_way(self, searching: Searching) -> None:
        for title in NEW_TITLES:
            save_books([replace(BOOKS["quiet"], key=title.encode().hex()[:40], title=title)], now=NOON)
        engine = searching.engine()
        for title, texts in NEW_TITLES.items():
            key = title.encode().hex()[:40]
            for text in texts:
                assert suggested(engine, text)[:1] == [key], text
                assert found(engine, text)[:1] == [key], text

    def test_a_german_word_of_many_by_its_last_part(self, searching: Searching) -> None:
        save_books([replace(BOOKS["quiet"], key="cake", title="Der Geburtstagskuchen", language="de")], now=NOON)
        save_books([replace(BOOKS["quiet"], key="trip", title="Adventure", language="en")], now=NOON)
        engine = searching.engine()
        for text in ("kuchen", "der kuchen ", "Kuchen"):
            assert suggested(engine, text) == found(engine, text)[:1] == ["cake"], text
        assert suggested(engine, "venture ") == found(engine, "venture ") == []

    def test_a_whole_title_before_all_others(self, searching: Searching) -> None:
        for number, title in enumerate(("Harry", "The", "Dragon", "Potter")):
            save_books([replace(BOOKS["quiet"], key=f"new-{number}", title=title)], now=NOON)
        engine = searching.engine()
        for number, text in enumerate(("harry", "the", "dragon", "potter")):
            assert suggested(engine, text)[0] == found(engine, text)[0] == f"new-{number}"

    def test_names_of_authors_in_every_usual_way(self, searching: Searching) -> None:
        engine = searching.engine()
        for text in ("jrr", "j.r.r. tolk", "j r r t", "jrr tolkien"):
            assert named(engine, text) == ["hobbit"], text
        assert named(engine, "eb whi") == ["web"]

    def test_a_word_no_shorter_than_it_is_typed_with_a_blank(self, searching: Searching) -> None:
        assert suggested(searching.engine(), "dragon ") == suggested(searching.engine(), "dragon. ")


class TestEveryEngineFindsAnIsbn:
    @pytest.fixture
    def engine(self, searching: Searching) -> Searched:
        save("games", isbns=("9780439023481", "9780439023528"))
        save("holes", isbns=("9780804429573",))
        save("1984", isbns=("9791090636071",))
        return searching.engine()

    @pytest.mark.parametrize(
        ("text", "key"),
        [
            *(("9780439023481", "games"), ("978-0-439-02348-1", "games"), ("978 0 439 02348 1", "games")),
            *(("0439023483", "games"), ("0-439-02348-3", "games"), ("ISBN 0-439-02348-3", "games")),
            *(("9780439023528", "games"), ("080442957X", "holes"), ("0-8044-2957-x", "holes")),
            *(("9791090636071", "1984"), ("979-10-90636-07-1", "1984"), ("ISBN-13: 9791090636071", "1984")),
            *(
                ("97804390", "games"),
                ("978-0-439-", "games"),
                ("04390", "games"),
                ("9791", "1984"),
                ("isbn 0804", "holes"),
            ),
        ],
    )
    def test_whole_or_begun_in_every_form(self, engine: Searched, text: str, key: str) -> None:
        assert suggested(engine, text) == found(engine, text) == [key]

    @pytest.mark.parametrize(
        "text", ["9780439023482", "0439023484", "9781984000000", "isbn 1984", "043902349", "19840"]
    )
    def test_and_nothing_that_looks_like_it(self, engine: Searched, text: str) -> None:
        assert suggested(engine, text) == found(engine, text) == []

    def test_of_books_that_may_be_shown_only(self, engine: Searched) -> None:
        assert suggested(engine, "9791090636071", band=AgeBand.AGES_15_TO_17) == []
        assert found(engine, "9791090636071", band=AgeBand.AGES_15_TO_17) == []

    def test_of_no_withdrawn_book(self, searching: Searching, engine: Searched) -> None:
        delete_books(["games"], now=NOON)
        assert found(searching.engine(), "9780439023481") == []


class TestEveryEngineAfterAChange:
    def test_shows_no_withdrawn_book(self, searching: Searching) -> None:
        assert found(searching.engine(), "holes") == ["holes"]
        delete_books(["holes"], now=NOON)
        engine = searching.engine()
        assert "holes" not in suggested(engine, "hole") + named(engine, "sachar") + found(engine, "holes")

    def test_shows_a_withdrawn_book_that_came_back(self, searching: Searching) -> None:
        delete_books(["holes"], now=NOON)
        save("holes")
        assert found(searching.engine(), "holes") == ["holes"]

    def test_knows_a_book_by_its_new_title_only(self, searching: Searching) -> None:
        save("holes", title="Zebra Crossing", series=None, series_number=None)
        engine = searching.engine()
        assert suggested(engine, "zebra")[0] == "holes"
        assert found(engine, "crossing") == ["holes"]
        assert found(engine, "holes") == []

    def test_orders_by_the_new_popularity(self, searching: Searching) -> None:
        assert suggested(searching.engine(), "harr")[0] == "potter1"
        save("harriet", ratings_count=9_000_000)
        assert suggested(searching.engine(), "harr")[0] == "harriet"

    def test_is_in_another_state(self, searching: Searching) -> None:
        before = searching.engine().state
        assert searching.engine().state is before
        delete_books(["holes"], now=NOON)
        assert searching.engine().state is not before


class TestEveryEngineForgives:
    def test_forgives_a_typing_error_from_four_letters_on(self, searching: Searching) -> None:
        engine = searching.engine()
        for typed, key in (
            ("momi", "momo"),
            ("hobit", "hobbit"),
            ("matlida", "matilda"),
            ("caterpiler", "hungry"),
            ("gruffallo", "gruffalo"),
            ("harry poter", "potter1"),
            ("hungergames", "games"),
            ("the fault in our strs", "fault"),
        ):
            assert suggested(engine, typed, limit=10)[0] == key, typed

    def test_forgives_none_below_four_letters(self, searching: Searching) -> None:
        engine = searching.engine()
        for typed in ("mmo", "hlo", "xom", "mti", "mo x"):
            assert suggested(engine, typed) == [], typed

    def test_tells_which_books_rest_on_a_correction(self, searching: Searching) -> None:
        engine = searching.engine()
        for ask in (engine.suggest, engine.search):
            assert ask("harry").corrected == frozenset()
            answer = ask("hary poter")
            assert answer.corrected == frozenset(answer.books)
            assert keys_of(answer.books)[0] == "potter1"

    def test_finds_nothing_rather_than_what_is_far(self, searching: Searching) -> None:
        engine = searching.engine()
        for text in ("minecraft", "roblox", "zzzz", "fortnite", "asdfgh", "1985", "harry potter 17"):
            assert suggested(engine, text) == [], text
        for text in ("minecraft", "roblox", "zzzz", "the zzzz", "1985"):
            assert found(engine, text) == [], text

    def test_shows_no_book_above_the_band_for_a_typing_error(self, searching: Searching) -> None:
        assert "tattoo" in suggested(searching.engine(), "dragn tatoo")
        assert "tattoo" not in suggested(searching.engine(), "dragn tatoo", band=AgeBand.AGES_15_TO_17)

    def test_is_found_by_a_typing_error_as_soon_as_it_is_indexed(self, searching: Searching) -> None:
        save("holes", title="Zebra Crossing")
        assert suggested(searching.engine(), "zebar")[0] == "holes"

    def test_brings_its_words_with_it(self, searching: Searching) -> None:
        save("holes", title="Zebra Crossing")
        engine = searching.engine()
        assert engine.suggest("zebra cross").corrected == frozenset()
        assert suggested(engine, "zebra ") == ["holes"]
