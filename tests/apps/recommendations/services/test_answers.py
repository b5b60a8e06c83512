from datetime import datetime, timedelta

import orjson
import pytest

from apps.catalog.selectors.books import BookNotFoundError
from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import delete_books, save_books
from apps.events.selectors import served_list
from apps.events.services.lists import flush_lists
from apps.readers.selectors import ReaderNotFoundError
from apps.readers.services import ReaderInput, save_reader
from apps.recommendations.services import answers
from apps.recommendations.services.answers import ListAnswer
from apps.recommendations.services.lists import contexts
from apps.recommendations.services.lists.rankings import for_you
from apps.releases.selectors.listing import ReleaseRow
from apps.releases.services.promotion import roll_back
from epicml.audience.bands import AgeBand
from tests.apps.recommendations.library import NOON, book_key, read, train

LATER = NOON + timedelta(minutes=5)
CHILD, ADULT = "dragon-reader-1", "dragon-reader-0"


def recommend(reader: str = ADULT, *, limit: int = 10) -> ListAnswer:
    return answers.recommend(reader, limit=limit, now=LATER)


def keys(answer: ListAnswer) -> list[str]:
    return [item.card.key for item in answer.items]


def written(answer: ListAnswer) -> bytes:
    return orjson.dumps(answer.as_json())


def new_reader(key: str = "new", *, age_band: AgeBand = AgeBand.AGES_9_TO_11, **wishes: object) -> str:
    save_reader(ReaderInput(key=key, age_band=age_band, **wishes), now=NOON)  # type: ignore[arg-type]
    return key


class TestRecommend:
    def test_follows_the_taste_of_the_history(self, live_model: ReleaseRow) -> None:
        dragons = [key for key in keys(recommend("dragon-reader-0")) if key.startswith("dragon")]
        robots = [key for key in keys(recommend("robot-reader-0")) if key.startswith("robot")]
        assert len(dragons) >= 9
        assert len(robots) >= 9

    def test_names_a_book_of_the_history_as_the_reason(self, live_model: ReleaseRow) -> None:
        was_read = {book_key("dragon", number) for number in range(40)}
        because = [item.reason for item in recommend().items if item.reason.kind == "because_you_read"]
        assert because
        assert {reason.book_key for reason in because} <= was_read
        assert all(reason.text.startswith("Because you read The Dragon ") for reason in because)

    def test_takes_away_at_once_what_was_read(self, live_model: ReleaseRow) -> None:
        first = keys(recommend())[0]
        read(ADULT, [first], at=NOON, kind="started")
        assert first not in keys(recommend(limit=50))

    def test_takes_away_at_once_what_was_hidden(self, live_model: ReleaseRow) -> None:
        first = keys(recommend())[0]
        read(ADULT, [first], at=NOON, kind="hidden")
        assert first not in keys(recommend(limit=50))

    def test_follows_the_live_history_without_training(self, live_model: ReleaseRow) -> None:
        new_reader(age_band=AgeBand.ADULT)
        read("new", ["robot-1", "robot-2", "robot-5"], at=NOON - timedelta(hours=1))
        found = recommend("new")
        assert {item.reason.book_key for item in found.items} & {"robot-1", "robot-2", "robot-5"}
        assert sum(key.startswith("robot") for key in keys(found)) >= 7

    @pytest.mark.parametrize("act", ["started", "finished"])
    def test_goes_on_with_a_liked_book_that_is_read_again(self, live_model: ReleaseRow, act: str) -> None:
        new_reader(age_band=AgeBand.ADULT)
        read("new", ["robot-1"], at=NOON - timedelta(hours=2))
        before = recommend("new")
        read("new", ["robot-1"], at=NOON - timedelta(hours=1), kind=act)
        assert written(recommend("new")) == written(before)
        assert {item.reason.book_key for item in before.items} >= {"robot-1"}

    @pytest.mark.parametrize("act", ["started", "finished"])
    def test_does_not_follow_a_disliked_book_because_it_was_read(self, live_model: ReleaseRow, act: str) -> None:
        new_reader(age_band=AgeBand.ADULT)
        read("new", ["robot-1"], at=NOON - timedelta(hours=2), value=2.0)
        read("new", ["robot-1"], at=NOON - timedelta(hours=1), kind=act)
        assert "because_you_read" not in {item.reason.kind for item in recommend("new").items}

    def test_shows_newcomers_what_is_popular_at_their_age(self, live_model: ReleaseRow) -> None:
        found = recommend(new_reader())
        assert {item.reason.text for item in found.items} == {"Popular at 9 to 11"}
        assert found.fallback is None

    @pytest.mark.parametrize("band", list(AgeBand))
    def test_shows_nothing_above_the_band(self, live_model: ReleaseRow, band: AgeBand) -> None:
        new_reader(age_band=band)
        read("new", ["dragon-3", "dragon-7"], at=NOON - timedelta(hours=1))
        assert all(item.card.age_band <= band for item in recommend("new", limit=50).items)

    def test_follows_a_band_that_was_lowered_a_moment_ago(self, live_model: ReleaseRow) -> None:
        assert any(item.card.age_band is AgeBand.ADULT for item in recommend(ADULT, limit=50).items)
        new_reader(ADULT, age_band=AgeBand.AGES_6_TO_8)
        found = recommend(ADULT, limit=50)
        assert found.items
        assert all(item.card.age_band <= AgeBand.AGES_6_TO_8 for item in found.items)

    def test_follows_a_book_whose_band_was_raised_a_moment_ago(self, live_model: ReleaseRow) -> None:
        first = recommend(CHILD).items[0].card
        save_books([BookInput(key=first.key, title=first.title, age_band=AgeBand.ADULT)], now=LATER)
        assert first.key not in keys(recommend(CHILD, limit=50))

    def test_leaves_out_what_was_withdrawn_a_moment_ago(self, live_model: ReleaseRow) -> None:
        first = keys(recommend())[0]
        delete_books([first], now=LATER)
        assert first not in keys(recommend(limit=50))

    def test_puts_books_in_the_readers_languages_and_levels_first(self, live_model: ReleaseRow) -> None:
        new_reader(age_band=AgeBand.ADULT, languages=("de",), level_min=2, level_max=4)
        found = recommend("new", limit=12).items
        german = [item.card.language == "de" for item in found]
        assert german == sorted(german, reverse=True)
        assert sum(german) == 8  # one book of ten is German, 80 in all
        fitting = [2 <= (item.card.reading_level or 0) <= 4 for item in found[:8]]
        assert fitting == sorted(fitting, reverse=True)

    def test_answers_although_no_book_is_in_the_readers_language(self, live_model: ReleaseRow) -> None:
        new_reader(languages=("xx",))
        assert len(recommend("new").items) == 10

    def test_gives_all_there_is_when_more_is_asked(self, live_model: ReleaseRow) -> None:
        # 40 books are for 6 to 8; of the two series with three of them each, only the first volumes are for a newcomer.
        assert len(recommend(new_reader(age_band=AgeBand.AGES_6_TO_8), limit=50).items) == 36

    def test_shows_no_book_twice(self, live_model: ReleaseRow) -> None:
        found = keys(recommend(limit=50))
        assert len(found) == len(set(found))

    def test_keeps_a_book_that_is_newer_than_the_model(self, live_model: ReleaseRow) -> None:
        new = BookInput(key="fresh", title="Fresh", age_band=AgeBand.AGES_9_TO_11, ratings_count=100_000)
        save_books([new], now=LATER)
        assert "fresh" in keys(recommend(new_reader()))[:2]

    def test_does_not_know_an_unknown_reader(self, live_model: ReleaseRow) -> None:
        with pytest.raises(ReaderNotFoundError):
            recommend("nobody")

    def test_does_three_queries_beside_the_look_for_a_new_model(
        self, live_model: ReleaseRow, django_assert_num_queries: pytest.FixtureRequest
    ) -> None:
        recommend()
        with django_assert_num_queries(3):  # type: ignore[operator]  # reader, history, version of the shelf
            answers.recommend(ADULT, limit=10, is_shown=True, now=LATER)


class TestRecommendWithoutAModel:
    def test_answers_with_popular_books_and_says_so(self, full_library: None) -> None:
        found = recommend(CHILD)
        assert (len(found.items), found.fallback, found.release) == (10, "model_unavailable", None)
        assert all(item.card.age_band <= AgeBand.AGES_9_TO_11 for item in found.items)

    def test_still_leaves_out_what_was_read(self, full_library: None) -> None:
        first = keys(recommend(CHILD))[0]
        read(CHILD, [first], at=NOON, kind="started")
        assert first not in keys(recommend(CHILD, limit=50))

    def test_answers_when_the_catalogue_is_empty(self, db: None) -> None:
        assert recommend(new_reader()).items == []


class TestHomePage:
    def rows(self, reader: str = ADULT) -> dict[str, list[str]]:
        page = answers.home_page(reader, size=6, now=LATER)
        return {row.key: [item.card.key for item in row.items] for row in page.rows}

    def test_has_rows_for_the_reader_and_for_the_band(self, live_model: ReleaseRow) -> None:
        assert next(iter(self.rows())) == "for_you"
        assert {"because_you_read", "popular"} <= set(self.rows())

    def test_shows_no_book_twice_over_all_rows(self, live_model: ReleaseRow) -> None:
        for reader in (ADULT, CHILD, new_reader()):
            shown = [key for row in self.rows(reader).values() for key in row]
            assert len(shown) == len(set(shown))
            assert shown

    def test_explains_the_row_of_a_book_by_the_book_liked_last(self, live_model: ReleaseRow) -> None:
        read(ADULT, ["dragon-13"], at=NOON, kind="liked")
        page = answers.home_page(ADULT, size=6, now=LATER)
        row = next(row for row in page.rows if row.key == "because_you_read")
        assert (row.title, row.book_key) == ("Because you read The Dragon 13", "dragon-13")
        assert {item.reason.book_key for item in row.items} == {"dragon-13"}

    def test_changes_with_what_is_read(self, live_model: ReleaseRow) -> None:
        before = self.rows(CHILD)
        read(CHILD, ["robot-1", "robot-5", "robot-9"], at=NOON, kind="liked")
        assert self.rows(CHILD)["for_you"] != before["for_you"]

    def test_gives_newcomers_popular_books_and_genres(self, live_model: ReleaseRow) -> None:
        found = self.rows(new_reader())
        assert next(iter(found)) == "popular"
        assert any(key.startswith("genre:") for key in found)

    def test_has_a_row_of_books_newer_than_the_model(self, live_model: ReleaseRow) -> None:
        fresh = [BookInput(key=f"fresh-{n}", title=f"Fresh {n}", age_band=AgeBand.AGES_0_TO_5) for n in range(4)]
        save_books(fresh, now=LATER)
        assert set(self.rows(CHILD)["new"]) == {"fresh-0", "fresh-1", "fresh-2", "fresh-3"}

    def test_shows_nothing_above_the_band(self, live_model: ReleaseRow) -> None:
        page = answers.home_page(CHILD, size=20, now=LATER)
        assert all(item.card.age_band <= AgeBand.AGES_9_TO_11 for row in page.rows for item in row.items)

    def test_answers_without_a_model(self, full_library: None) -> None:
        page = answers.home_page(CHILD, size=6, now=LATER)
        assert page.fallback == "model_unavailable"
        assert page.rows[0].key == "popular"


class TestNextInSeries:
    def test_offers_the_volume_after_the_highest_that_was_read(self, live_model: ReleaseRow) -> None:
        volumes = [
            BookInput(
                key=f"{series}-{number}",
                title=f"{series} {number}",
                series=series,
                series_number=number,
                age_band=AgeBand.AGES_6_TO_8,
            )
            for series in ("A", "B", "C")
            for number in (1, 2, 3, 4)
        ]
        save_books(volumes, now=NOON)
        read(CHILD, ["A-1", "A-2", "B-1", "C-3"], at=NOON - timedelta(hours=1))
        page = answers.home_page(CHILD, size=6, now=LATER)
        row = next(row for row in page.rows if row.key == "series")
        assert {item.card.key: item.reason.book_key for item in row.items} == {"A-3": "A-2", "B-2": "B-1", "C-4": "C-3"}


def similar(book: str, **audience: object) -> ListAnswer:
    asked = {"reader_key": None, "age_band": AgeBand.ADULT, **audience}
    return answers.similar(book, limit=5, now=LATER, **asked)  # type: ignore[arg-type]


class TestSimilar:
    def test_stays_with_the_taste_and_leaves_the_book_out(self, live_model: ReleaseRow) -> None:
        found = keys(similar("robot-5"))
        assert "robot-5" not in found
        assert all(key.startswith("robot") for key in found)

    def test_says_whose_readers_liked_it(self, live_model: ReleaseRow) -> None:
        assert {item.reason.book_key for item in similar("robot-5").items} == {"robot-5"}

    def test_shows_nothing_above_the_band(self, live_model: ReleaseRow) -> None:
        found = similar("robot-5", age_band=AgeBand.AGES_9_TO_11)
        assert all(item.card.age_band <= AgeBand.AGES_9_TO_11 for item in found.items)

    def test_hides_a_book_that_is_itself_above_the_band(self, live_model: ReleaseRow) -> None:
        with pytest.raises(BookNotFoundError):
            similar("robot-3", age_band=AgeBand.AGES_9_TO_11)

    def test_takes_who_says_nothing_for_the_youngest(self, live_model: ReleaseRow) -> None:
        with pytest.raises(BookNotFoundError):
            similar("robot-1", age_band=None)

    def test_finds_kin_of_a_book_that_is_newer_than_the_model(self, live_model: ReleaseRow) -> None:
        kin = BookInput(key="fresh", title="Fresh", authors=("Author of robot 1",), genres=("robot",))
        save_books([kin], now=LATER)
        found = similar("fresh")
        assert found.fallback == "book_not_in_model"
        assert {item.card.authors for item in found.items} == {("Author of robot 1",)}
        assert {item.reason.text for item in found.items} == {"Same author as Fresh"}

    def test_finds_kin_without_a_model(self, full_library: None) -> None:
        found = similar("dragon-0")
        assert found.fallback == "model_unavailable"
        # the volumes are dragon-0, dragon-4 and dragon-8: only the next one comes before the books by the same author
        assert [(item.card.key, item.reason.text) for item in found.items[:1]] == [
            ("dragon-4", "Same series as The Dragon 0")
        ]
        assert {item.reason.text for item in found.items[1:]} == {"Same author as The Dragon 0"}


class TestPopular:
    def popular(self, **asked: object) -> ListAnswer:
        values = {"reader_key": None, "age_band": AgeBand.AGES_9_TO_11, "genre": None, **asked}
        return answers.popular(limit=10, now=LATER, **values)  # type: ignore[arg-type]

    def test_stays_within_the_band(self, live_model: ReleaseRow) -> None:
        found = self.popular()
        assert found.head == {"age_band": "9-11"}
        assert all(item.card.age_band <= AgeBand.AGES_9_TO_11 for item in found.items)

    def test_takes_the_lower_of_reader_and_band(self, live_model: ReleaseRow) -> None:
        reader = new_reader(age_band=AgeBand.AGES_6_TO_8)
        assert self.popular(reader_key=reader, age_band=AgeBand.ADULT).head == {"age_band": "6-8"}

    def test_keeps_to_a_genre(self, live_model: ReleaseRow) -> None:
        assert all("robot" in item.card.genres for item in self.popular(genre="robot").items)
        assert self.popular(genre="cooking").items == []

    def test_orders_by_what_is_known_outside_when_there_is_no_model(self, full_library: None) -> None:
        # 9 to 11 sees books of its own band whole and those of 6 to 8 at half: dragon-1 (999 ratings) comes first.
        assert keys(self.popular())[:2] == ["dragon-1", "robot-1"]


class TestExit:
    def test_stops_what_a_wrong_mask_let_through(self, live_model: ReleaseRow) -> None:
        child = contexts.of_reader(CHILD, now=LATER)
        shown = for_you(contexts.of_reader(ADULT, now=LATER), k=50)
        kept = answers._checked(child, shown)
        assert len(kept) < len(shown)
        assert all(item.card.age_band <= AgeBand.AGES_9_TO_11 for item in kept)

    def test_notes_only_what_it_let_through(self, live_model: ReleaseRow) -> None:
        child = contexts.of_reader(CHILD, now=LATER)
        shown = for_you(contexts.of_reader(ADULT, now=LATER), k=50)
        left = answers._answer(child, "recommendations", {}, shown, is_shown=True, now=LATER)
        flush_lists()
        assert left.list_id is not None
        noted = served_list(left.list_id)
        assert noted is not None
        assert list(noted.items) == [item.card.id for item in left.items]
        assert 0 < len(noted.items) < len(shown)


class TestRollBack:
    def popular(self, now: datetime) -> tuple[str | None, list[float]]:
        found = answers.popular(reader_key=None, age_band=AgeBand.ADULT, genre=None, limit=10, now=now)
        return found.release, [item.score for item in found.items]

    def test_changes_what_is_served(self, live_model: ReleaseRow) -> None:
        before = self.popular(NOON)
        read("robot-reader-0", ["dragon-0"], at=NOON - timedelta(hours=1), kind="liked")
        second = train(now=LATER)
        after = self.popular(LATER)
        assert after[0] == second.key
        assert after[1] != before[1]
        roll_back("recommender", decided_by="tom", why="worse", now=LATER)
        assert self.popular(LATER + timedelta(seconds=2)) == before
