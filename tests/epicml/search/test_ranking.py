from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.audience.bands import AgeBand
from epicml.search.clauses import Fuzzy
from epicml.search.fields import BookText
from epicml.search.plan import Typed, completion
from epicml.search.ranking import RankedBooks, rank_search, rank_suggestions
from tests.epicml.search.interpreter import Interpreter, titled

SHELF = titled(
    "Harry Potter and the Goblet of Fire",
    "The Hobbit",
    "Harriet the Spy",
    "Holes",
    "Harold and the Purple Crayon",
    "Where the Wild Things Are",
    "Grandfather Twilight",
    "Momo",
)


def completed(engine: Interpreter, text: str, *, limit: int = 10) -> RankedBooks:
    rank = partial(rank_suggestions, engine=engine, lexicon=engine.lexicon, audience=AgeBand.ADULT)
    return rank(Typed.read(text), limit=limit, with_names=False)


def suggested(engine: Interpreter, text: str, *, limit: int = 10) -> list[int]:
    return list(completed(engine, text, limit=limit).books)


def searched(engine: Interpreter, text: str) -> RankedBooks:
    typed = Typed.read(text)
    return rank_search(typed, engine=engine, lexicon=engine.lexicon, audience=AgeBand.ADULT, limit=1000)


class TestRankSuggestions:
    @pytest.mark.parametrize("text", ["", " ", "!", "'", "\0"])
    def test_asks_for_nothing_where_nothing_is_typed(self, text: str) -> None:
        engine = titled("Holes")
        assert (suggested(engine, text), engine.batches) == ([], [])

    def test_puts_starts_of_titles_first_by_popularity(self) -> None:
        assert suggested(SHELF, "har")[:3] == [1, 3, 5]

    def test_forgives_nothing_where_one_known_word_was_typed(self) -> None:
        assert suggested(SHELF, "spy ") == [3]
        assert suggested(SHELF, "hobbit") == [2]

    def test_asks_once_where_it_finds_enough(self) -> None:
        engine = titled("Abby", "Abel")
        assert suggested(engine, "ab", limit=2) == [1, 2]
        assert len(engine.batches) == 1

    @given(st.text("harypote ", max_size=12), st.integers(1, 6))
    def test_never_repeats_a_book_and_keeps_to_the_limit(self, text: str, limit: int) -> None:
        found = suggested(SHELF, text, limit=limit)
        assert len(found) == len(set(found)) <= limit

    @given(st.text("harypote ", max_size=12))
    def test_only_adds_what_may_be_meant_after_what_was_found(self, text: str) -> None:
        typed = Typed.read(text)
        exact = SHELF.find(completion(typed), 10) if typed.words else []
        assert suggested(SHELF, text)[: len(exact)] == exact


class TestForgiveness:
    @pytest.mark.parametrize("text", ["mmo", "hlo", "xom", "mo x"])
    def test_does_not_begin_below_four_letters(self, text: str) -> None:
        assert suggested(SHELF, text) == []

    @pytest.mark.parametrize("text", ["momi", "mmoo", "ommo", "mono"])
    def test_begins_with_four_letters(self, text: str) -> None:
        assert 8 in suggested(SHELF, text)

    @pytest.mark.parametrize(
        ("text", "book"),
        [
            ("hobit", 2),
            ("hobbti", 2),
            ("harrry potter", 1),
            ("gobblet", 1),
            ("grand father", 7),
            ("wildthings", 6),
            ("purpel crayon", 5),
            ("where the wilde things", 6),
        ],
    )
    def test_finds_the_book_that_was_meant_first(self, text: str, book: int) -> None:
        assert suggested(SHELF, text)[0] == book

    def test_takes_two_edits_for_eight_letters_where_nothing_else_is_near(self) -> None:
        # No word is long enough to be near another one, so that only the whole can be.
        engine = titled("Ab Bc Cd De", "Zz Zz Zz Zz")
        assert suggested(engine, "xb bc cd dy") == [1]
        assert [clause.edits for clause in engine.batches[1] if isinstance(clause, Fuzzy)][-1] == 2
        assert suggested(engine, "x b y") == []

    def test_takes_books_of_words_that_are_as_near_in_turn(self) -> None:
        # hibbet is two letters from both words and sounds like both; each book shown makes its word less likely.
        titles = ["Big Hobbit One", "Big Hobbit Two", "Big Habbit One", "Big Habbit Two"]
        assert suggested(titled(*titles, popularity=[100, 90, 10, 5]), "hibbet") == [1, 3, 2, 4]

    def test_leaves_words_of_names_alone(self) -> None:
        engine = Interpreter({1: (BookText("Hobbit", ["Anne Hobbes"]), 5), 2: (BookText("Hobbies", []), 9)})
        assert suggested(engine, "hobbes ") == [1]

    @pytest.mark.parametrize(
        "text", ["minecraft", "roblox", "zzzz", "qwerty", "mono 2", "momo 1985", "red hot", "hob xx"]
    )
    def test_finds_nothing_rather_than_what_is_far(self, text: str) -> None:
        assert completed(SHELF, text) == RankedBooks([])
        assert searched(SHELF, text).corrected == frozenset()

    def test_leaves_numbers_alone(self) -> None:
        engine = titled("1984", "Catch 22")
        for text in ("1985", "198", "catch 23", "catch 2 2"):
            assert not completed(engine, text).corrected, text
            assert not searched(engine, text).corrected, text

    @pytest.mark.parametrize(
        ("title", "text"),
        [
            ("L'Étranger", "etranger"),
            ("T. Rex", "trex"),
            ("E-Mail", "email"),
            ("The O'Briens", "o briens"),
            ("The O Briens", "obriens"),
        ],
    )
    def test_leaves_a_word_alone_that_exists_in_another_variant(self, title: str, text: str) -> None:
        engine = titled("Stranger Tree Emily Brain Treks Obrient", title)
        for found in (completed(engine, text), searched(engine, text)):
            assert (found.books[0], found.corrected) == (2, frozenset())


class TestFound:
    def test_tells_which_books_rest_on_a_correction(self) -> None:
        engine = titled("Harriet the Spy", "Harry Potter", "Holes")
        assert completed(engine, "harry") == RankedBooks([2])
        assert completed(engine, "harrx ") == RankedBooks([2], frozenset({2}))
        assert searched(engine, "hary poter") == RankedBooks([2], frozenset({2}))

    def test_adds_at_most_three_corrections_to_what_is_found_as_typed(self) -> None:
        engine = titled("Minecart", *(f"Mind {letter}" for letter in "abcdef"))
        assert completed(engine, "mine") == RankedBooks([1, 2, 3, 4], frozenset({2, 3, 4}))
        assert completed(engine, "minx") == RankedBooks([2, 3, 4, 5, 6, 7], frozenset({2, 3, 4, 5, 6, 7}))

    def test_is_corrected_in_part_where_another_word_is_nowhere(self) -> None:
        engine = titled("The Hobbit", "Movie Night")
        assert searched(engine, "hobit movie") == RankedBooks([2, 1], frozenset({1}))

    def test_is_nothing_where_only_a_correction_of_one_word_is_left(self) -> None:
        engine = titled("Homer Price", "Roll of Thunder")
        assert searched(engine, "pride and prejudice") == searched(engine, "rold dal") == RankedBooks([])

    @given(st.text("harypote ", max_size=12), st.integers(1, 6))
    def test_corrects_no_book_that_it_does_not_have(self, text: str, limit: int) -> None:
        for found in (completed(SHELF, text, limit=limit), searched(SHELF, text)):
            assert found.corrected <= set(found.books)
            assert len(found.books) == len(set(found.books))

    def test_takes_four_letters_for_a_whole_word_and_five_for_the_beginning_of_one(self) -> None:
        engine = titled("Lemony Snicket", "Daddy-Long-Legs")
        assert completed(engine, "lego") == searched(engine, "lego") == RankedBooks([2], frozenset({2}))
        assert completed(engine, "lemmo") == searched(engine, "lemmo") == RankedBooks([1], frozenset({1}))


class TestEveryWordMayGoOn:
    def test_in_a_suggestion_and_in_a_search(self) -> None:
        engine = titled("The Lightning Thief", "A Light in the Attic")
        for text in ("light thi", "thi light", "the li th", "LIGHT. THI"):
            assert suggested(engine, text)[0] == 1, text
            assert searched(engine, text).books[0] == 1, text

    def test_below_books_with_the_whole_words(self) -> None:
        engine = titled("The Lightning Thief", "Light and Thin Air", popularity=[9_000_000, 1])
        assert suggested(engine, "light thi") == [2, 1]
        assert searched(engine, "light thin").books[:1] == [2]

    def test_single_letters_only_where_nothing_else_is_found(self) -> None:
        engine = titled("The B.F.G.", "Big Friendly Goat", "Harry Potter")
        assert suggested(engine, "b.f.g.") == searched(engine, "b f g ").books == [1]
        assert suggested(engine, "h p") == searched(engine, "h p").books == [3]

    def test_but_no_number_does(self) -> None:
        engine = titled("Room 1984", "Room 19")
        assert suggested(engine, "19 room ") == [2]


class TestRankSearch:
    def test_puts_a_title_that_is_just_this_first_whatever_is_more_popular(self) -> None:
        engine = titled("Dawn Treader", "Breaking Dawn", "Dawn", "Dawning", popularity=[9_000_000, 8_000_000, 0, 7_000])
        assert searched(engine, "dawn").books == [3, 1, 2, 4]
        assert suggested(engine, "dawn")[0] == 3

    def test_orders_equal_titles_by_popularity(self) -> None:
        engine = titled("It", "It", "Italy", popularity=[5, 50, 500])
        assert searched(engine, "it").books == suggested(engine, "it") == [2, 1, 3]

    def test_puts_whole_words_before_beginnings_and_those_before_some_words(self) -> None:
        engine = titled("Cats and Dogs", "Catching Dogfish", "A Dog", "A Cat and a Dog", "Catnip")
        assert searched(engine, "cat dog").books == [1, 4, 2, 3]

    def test_has_the_most_popular_titles_that_begin_so_among_the_first_ten(self) -> None:
        starts = [f"Catch {letter}" for letter in "abcdefghij"]
        engine = titled("Cat", "A Fat Cat", "The Black Cat", "Cat Naps", *starts)
        # The whole title, the start with the whole word, as many starts as make ten, then other whole words.
        assert searched(engine, "cat").books == [1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 2, 3, 13, 14]
        few = titled("Cat", "A Fat Cat", "The Black Cat", "Cat Naps", "Catch Me")
        assert searched(few, "cat").books == [1, 4, 2, 3, 5]

    def test_takes_the_last_word_for_open(self) -> None:
        engine = titled("Put Me in the Zoo", "Harry Potter")
        assert searched(engine, "harry pott").books == [2]
        assert searched(engine, "harry pott ").books == [2]  # begun, for every word may be

    def test_fills_with_no_book_that_shares_an_article_a_number_or_a_letter_only(self) -> None:
        engine = titled("The Owl", "The Fox", "Owl 2", "The 2 of Us", "A Man")
        assert searched(engine, "the owl 2").books == [1, 3]
        assert searched(engine, "the zzz").books == []
        assert searched(engine, "the").books == [1, 2, 4]

    def test_finds_forms_of_words(self) -> None:
        assert searched(titled("Flying Dragons", "Holes"), "dragon fly").books == [1]

    def test_asks_for_nothing_where_nothing_is_typed(self) -> None:
        engine = titled("Holes")
        assert (searched(engine, " &!"), engine.batches) == (RankedBooks([]), [])


class TestIsbn:
    ENGINE = Interpreter(
        {
            1: (BookText("The Hunger Games", [], isbns=["9780439023481", "9780439023528"]), 9),
            2: (BookText("1984", [], isbns=["9780451524935"]), 5),
            3: (BookText("Ex", [], isbns=["9780804429573"]), 1),
            4: (BookText("9780", []), 1),
        }
    )

    @pytest.mark.parametrize(
        ("text", "book"),
        [
            ("9780439023481", 1),
            ("978-0-439-02348-1", 1),
            ("978 0 439 02352 8", 1),
            ("0439023483", 1),
            ("0-439-02348-3", 1),
            ("ISBN 0-439-02348-3", 1),
            ("isbn-13: 9780451524935", 2),
            ("080442957X", 3),
            ("0-8044-2957-x", 3),
            ("978043902", 1),
            ("978-0-451", 2),
            ("04390", 1),
            ("0-8044-2957-", 3),
            ("\uff19\uff17\uff18\uff10\uff14\uff13\uff19", 1),  # as a Japanese keyboard writes 9780439
        ],
    )
    def test_finds_its_book_whole_or_begun(self, text: str, book: int) -> None:
        assert suggested(self.ENGINE, text) == searched(self.ENGINE, text).books == [book]

    @pytest.mark.parametrize(
        "text", ["9780439023482", "0439023484", "9781984000000", "080442957", "isbn 1984", "19841"]
    )
    def test_finds_nothing_else(self, text: str) -> None:
        expected = [3] if text == "080442957" else []
        assert suggested(self.ENGINE, text) == searched(self.ENGINE, text).books == expected

    def test_is_not_seen_in_a_number_that_a_title_has(self) -> None:
        assert suggested(self.ENGINE, "1984") == [2]
        assert suggested(self.ENGINE, "9780") == [4]


# As found, misspelt, as nothing, as a letter, as numbers, as several words, joined, parted, and long.
TEXTS = (
    *("h", "ha", "harry", "the", "hobbit ", "hobit", "hobbti", "harrx pottr", "gobblet", "harypoter", "grand father"),
    *("wildthings", "zzzz", "minecraft", "mono 2", "momo 1985", "red hot", "light thi", "h p", "a b c d e f g h"),
    *("9780439023481", "978043902", "0-439-02348-3", "isbn 1984", "19841", "1984", "where the wilde thinks", "物語"),
    *("the " * 50, "xq " * 60, "zz" * 100, "harry potter and the goblet of fier " * 5, "fire goblet", "potter gob"),
)


class TestBatches:
    @pytest.mark.parametrize("text", TEXTS)
    @pytest.mark.parametrize("limit", [1, 10])
    def test_are_two_at_most_and_bounded(self, text: str, limit: int) -> None:
        for rank in (completed, searched):
            SHELF.batches.clear()
            rank(SHELF, text, limit=limit) if rank is completed else rank(SHELF, text)
            assert len(SHELF.batches) <= 2
            assert sum(map(len, SHELF.batches)) <= 120

    @given(st.text("harypote gob2", max_size=24))
    def test_are_two_at_most_for_whatever_is_typed(self, text: str) -> None:
        SHELF.batches.clear()
        completed(SHELF, text)
        assert len(SHELF.batches) <= 2
        searched(SHELF, text)
        assert len(SHELF.batches) <= 4

    @pytest.mark.parametrize("text", ["h", "spy", "the h", "hobbit", "the hobbit", "momo "])
    def test_are_one_where_it_is_found_as_typed(self, text: str) -> None:
        SHELF.batches.clear()
        completed(SHELF, text)
        assert len(SHELF.batches) == 1
