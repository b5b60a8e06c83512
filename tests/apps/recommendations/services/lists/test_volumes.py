"""No list offers a volume before the one its reader goes on with, and each reason is true of the book offered."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest

from apps.catalog.selectors.books import BookCard
from apps.catalog.services.books import delete_books
from apps.events.models import Event
from apps.readers.selectors import Audience
from apps.readers.services import ReaderInput, save_reader
from apps.recommendations.services.lists import contexts, rankings
from apps.recommendations.services.lists.contexts import ListContext
from apps.recommendations.services.lists.explain import explain
from apps.recommendations.services.lists.home import home_rows
from apps.recommendations.services.lists.items import Item
from apps.recommendations.services.snapshot import features_of
from epicml.audience.bands import AgeBand
from epicml.evaluation import offline
from epicml.evaluation.offline import EvaluationSet
from tests.apps.recommendations.library import NOON, read
from tests.apps.recommendations.services.lists.conftest import CHILD, Reads, of, put

pytestmark = pytest.mark.django_db

Serve = Callable[[], None]
OWLS = [f"owls{number}" for number in (1, 2, 3, 4)]


def put_owls(*numbers: float, **fields: object) -> None:
    for number in numbers:
        put(f"owls{number:g}", title=f"Owls {number:g}", series="Owls", series_number=number, **fields)


def nobody(genre: str | None = None) -> ListContext:
    return contexts.of_audience(Audience(CHILD, None), now=NOON, genre=genre)


def row_of(key: str) -> int:
    row = nobody().pool.shelf.row_of_key(key)
    assert row is not None
    return row


def owls(items: list[Item]) -> dict[str, tuple[str, str | None]]:
    """The volumes of the series that are offered, with the text of the reason and the book it names."""
    return {item.card.key: (item.reason.text, item.reason.book_key) for item in items if item.card.series == "Owls"}


class TestForYou:
    """Readers who like the wolf like the third volume; nobody in the model read the others."""

    @pytest.fixture(autouse=True)
    def shelf(self, reader: Reads) -> None:
        put("wolf", title="The Wolf")
        put_owls(1, 2, 3, 4)
        for number in range(12):
            put(f"b{number}")
        for number in range(6):
            reader(f"r{number}", "wolf", "owls3", f"b{number}")

    def test_offers_the_first_volume_to_who_read_none(self, reader: Reads, serve: Serve) -> None:
        reader("tom", "wolf")
        serve()
        found = rankings.for_you(of("tom"), k=8)
        assert owls(found) == {"owls1": ("Start of Owls: because you read The Wolf", "wolf")}
        (item,) = [item for item in found if item.card.key == "owls1"]
        assert item.instead_of == row_of("owls3")
        assert [one.score >= two.score for one, two in pairwise(found)] == [True] * 7
        assert len({one.card.key for one in found}) == 8

    def test_offers_the_next_volume_to_who_began(self, reader: Reads, serve: Serve) -> None:
        reader("tom", "owls1", "wolf")
        serve()
        assert owls(rankings.for_you(of("tom"), k=8)) == {"owls2": ("Next in the series after Owls 1", "owls1")}
        read("tom", ["owls4"], at=NOON - timedelta(hours=1), kind="finished")
        assert owls(rankings.for_you(of("tom"), k=8)) == {"owls2": ("Next in the series after Owls 1", "owls1")}
        read("tom", ["owls2"], at=NOON - timedelta(minutes=1), kind="started")
        assert owls(rankings.for_you(of("tom"), k=8)).keys() == {"owls3"}

    def test_offers_no_later_volume_where_the_next_is_above_the_band(self, reader: Reads, serve: Serve) -> None:
        put_owls(1, age_band=AgeBand.ADULT)
        reader("tom", "wolf")
        serve()
        assert owls(rankings.for_you(of("tom"), k=20)) == {}

    def test_offers_no_later_volume_where_the_next_was_hidden(self, reader: Reads, serve: Serve) -> None:
        reader("tom", "wolf")
        read("tom", ["owls1"], at=NOON - timedelta(hours=1), kind="hidden")
        serve()
        assert owls(rankings.for_you(of("tom"), k=20)) == {}

    def test_takes_a_hidden_volume_that_was_read_for_read(self, reader: Reads, serve: Serve) -> None:
        reader("tom", "owls1", "wolf")
        read("tom", ["owls1"], at=NOON - timedelta(hours=1), kind="hidden")
        serve()
        assert owls(rankings.for_you(of("tom"), k=8)).keys() == {"owls2"}

    def test_offers_a_volume_that_is_newer_than_the_model(self, reader: Reads, serve: Serve) -> None:
        reader("tom", "wolf")
        delete_books(OWLS[:2], now=NOON)
        serve()
        put_owls(1, 2)
        assert owls(rankings.for_you(of("tom"), k=8)).keys() == {"owls1"}

    def test_is_kept_back_by_no_volume_that_was_withdrawn_until_it_is_back(self, reader: Reads, serve: Serve) -> None:
        reader("tom", "wolf")
        serve()
        delete_books(["owls1"], now=NOON)
        text = "First here of Owls: because you read The Wolf"
        assert owls(rankings.for_you(of("tom"), k=8)) == {"owls2": (text, "wolf")}
        put_owls(1)
        assert owls(rankings.for_you(of("tom"), k=8)).keys() == {"owls1"}

    def test_waits_for_a_wider_wish_where_the_next_volume_is_outside_it(self, reader: Reads, serve: Serve) -> None:
        put_owls(1, language="de")
        put_owls(2, 3, 4, language="en")
        reader("tom", "wolf", languages=("en",))
        serve()
        assert owls(rankings.for_you(of("tom"), k=12)) == {}
        assert owls(rankings.for_you(of("tom"), k=13)).keys() == {"owls1"}

    def test_offers_the_edition_in_the_readers_language(self, reader: Reads, serve: Serve) -> None:
        put_owls(1, language="de", ratings_count=900)
        put("first", series="Owls", series_number=1, language="en")
        reader("tom", "wolf", languages=("en",))
        serve()
        assert owls(rankings.for_you(of("tom"), k=8)).keys() == {"first"}

    def test_offers_a_set_of_volumes_as_it_is(self, reader: Reads, serve: Serve) -> None:
        put("set", title="All Owls (Owls, #1-4)", series="Owls")
        for number in range(6):
            reader(f"r{number}", "set")
        reader("tom", "wolf")
        serve()
        assert owls(rankings.for_you(of("tom"), k=8)).keys() == {"set", "owls1"}

    def test_names_no_author_who_did_not_write_it(self, reader: Reads, serve: Serve) -> None:
        """A guest wrote the third volume, and is why it is offered."""
        for key in ("guest", "guests2"):
            put(key, title=key.title(), authors=("Guest",))
        put_owls(3, authors=("Guest",))
        put_owls(1, 2, authors=("Ada",))
        reader("tom", "guest")
        serve()
        assert owls(rankings.for_you(of("tom"), k=8)) == {"owls1": ("Start of Owls", None)}

    def test_names_no_volume_above_the_band(self, reader: Reads, serve: Serve) -> None:
        put_owls(1, age_band=AgeBand.ADULT)
        reader("tom", "owls1", "wolf")
        serve()
        assert owls(rankings.for_you(of("tom"), k=8)) == {"owls2": ("Next in Owls: because you read The Wolf", "wolf")}

    def test_is_explained_to_staff(self, reader: Reads, serve: Serve) -> None:
        reader("tom", "wolf")
        serve()
        seen = explain("tom", limit=8, now=NOON)
        (item,) = [item for item in seen.items if item.card.key == "owls1"]
        assert item.instead_of is not None
        assert item.instead_of.key == "owls3"
        assert item.places["item_knn"] == 1  # nothing else is as near the wolf
        assert [step.removed for step in seen.filters if step.name.startswith("Later volume")] == [3]

    def test_is_explained_to_staff_where_it_is_not_offered(self, reader: Reads, serve: Serve) -> None:
        reader("tom", "wolf")
        read("tom", ["owls1"], at=NOON - timedelta(hours=1), kind="hidden")
        serve()
        removed = {book.card.key: book.reason for book in explain("tom", limit=8, now=NOON).removed}
        assert removed["owls3"] == "Comes after Owls 1, which may not be shown"


class TestPopular:
    @pytest.fixture(autouse=True)
    def shelf(self, db: None) -> None:
        put_owls(3, ratings_count=999, genres=("night",))
        put_owls(2, ratings_count=500, genres=("night",))
        put_owls(1, ratings_count=10, genres=("birds",))
        put_owls(0.5, ratings_count=700, genres=("night",))
        put("wolf", ratings_count=799)

    def test_gives_the_first_volume_the_place_of_the_best_known_one(self) -> None:
        first, second = rankings.popular(nobody(), k=5)
        assert (first.card.key, first.score, first.reason.text) == ("owls1", 500, "Start of Owls: popular at 9 to 11")
        assert (first.reason.kind, first.reason.book_key) == ("popular", None)
        assert (second.card.key, second.reason.text) == ("wolf", "Popular at 9 to 11")

    def test_gives_who_began_the_next_volume(self, reader: Reads) -> None:
        found = rankings.popular(reader("tom", "owls1"), k=5)
        assert owls(found) == {
            "owls2": ("Next in the series after Owls 1", "owls1"),
            "owls0.5": ("Popular at 9 to 11", None),
        }

    def test_keeps_to_the_genre(self) -> None:
        """The first volume is of another genre: neither is it offered here, nor a later one."""
        assert owls(rankings.popular(nobody("night"), k=5)).keys() == {"owls0.5"}
        assert owls(rankings.popular(nobody("birds"), k=5)).keys() == {"owls1"}


class TestSimilar:
    @pytest.fixture(autouse=True)
    def shelf(self, db: None) -> None:
        put_owls(1, 2, 3, 4)
        put("wolf", title="The Wolf")

    @pytest.fixture(params=["with a model", "without"])
    def model(self, request: pytest.FixtureRequest, reader: Reads, serve: Serve) -> None:
        if request.param == "with a model":
            for number in range(3):
                reader(f"r{number}", *OWLS, "wolf")
            serve()

    @pytest.mark.parametrize(("looked_at", "offered"), [(1, "owls2"), (2, "owls1"), (4, "owls1")])
    @pytest.mark.usefixtures("model")
    def test_of_a_volume_offers_where_one_begins_but_not_itself(self, looked_at: int, offered: str) -> None:
        found = owls(rankings.similar(nobody(), row=row_of(f"owls{looked_at}"), k=9))
        assert found.keys() == {offered}
        assert found[offered][1] == f"owls{looked_at}"
        assert "after" not in found[offered][0] or looked_at == 1

    @pytest.mark.usefixtures("model")
    def test_of_a_volume_goes_on_after_what_was_read(self, reader: Reads) -> None:
        reader("tom", "owls1")
        assert owls(rankings.similar(of("tom"), row=row_of("owls1"), k=9)).keys() == {"owls2"}
        assert owls(rankings.similar(of("tom"), row=row_of("owls2"), k=9)).keys() == {"owls3"}
        assert owls(rankings.similar(of("tom"), row=row_of("owls4"), k=9)).keys() == {"owls2"}

    def test_of_another_book_speaks_of_that_one(self, reader: Reads, serve: Serve) -> None:
        for number in range(3):
            reader(f"r{number}", "owls3", "wolf")
        serve()
        found = rankings.similar(nobody(), row=row_of("wolf"), k=9)
        assert owls(found) == {"owls1": ("Start of Owls: readers of The Wolf liked it", "wolf")}


class TestEveryList:
    """A library of series, read at random: whoever asks, no list holds a volume that its reader does not go on with."""

    SERIES, VOLUMES = 8, (0.5, 1, 2, 2.5, 3, 4)

    @pytest.fixture(autouse=True)
    def library(self, reader: Reads, serve: Serve) -> None:
        random = np.random.default_rng(4)
        keys = [f"single{number}" for number in range(15)]
        for key in keys:
            put(key, genres=("fiction",))
        for series in range(self.SERIES):
            for number in self.VOLUMES:
                key = f"s{series}-{number:g}"
                band = AgeBand.ADULT if random.random() < 0.1 else AgeBand.AGES_6_TO_8
                fields = {"language": random.choice(["en", "de"]), "reading_level": int(random.integers(1, 6))}
                ratings, genres = int(random.integers(0, 999)), (f"g{random.integers(3)}",)
                put(
                    key,
                    series=f"S{series}",
                    series_number=number,
                    age_band=band,
                    ratings_count=ratings,
                    genres=genres,
                    **fields,
                )
                keys.append(key)
        for number in range(25):
            chosen = random.permutation(keys)[: int(random.integers(1, 14))].tolist()
            reader(
                f"r{number}",
                *chosen[1:],
                languages=("en",) if number % 3 else (),
                level_min=number % 4 + 1,
                level_max=9,
            )
            read(f"r{number}", chosen[:1], at=NOON - timedelta(hours=1), kind="hidden")
        save_reader(ReaderInput(key="newcomer", age_band=CHILD), now=NOON)
        serve()
        put("late1", series="S0", series_number=1.5)  # newer than the model
        put("late2", series="S1", series_number=9)

    def later_than_next(
        self, asked: ListContext, cards: list[BookCard], *, looked_at: BookCard | None = None
    ) -> list[str]:
        """The books among these for which an unread volume of the shelf should have stood, worked out one by one."""
        read_ids = set(
            Event.objects.filter(reader_id=asked.reader.id).exclude(kind="hidden").values_list("book_id", flat=True)
            if asked.reader
            else ()
        )
        wrong = []
        for card in cards:
            if card.series is None or card.series_number is None:
                continue
            volumes = [other for other in asked.pool.shelf.cards if other.series == card.series]
            been = {other.series_number or 0.0 for other in volumes if other.id in read_ids}
            here = {looked_at.series_number} if looked_at and looked_at.series == card.series else set()
            coming = [
                other.series_number
                for other in volumes
                if other.series_number is not None
                and other.series_number >= 1
                and other.series_number not in been | here
                and other.series_number > min(been, default=0)
            ]
            if coming and card.series_number > min(coming):
                wrong.append(card.key)
        return wrong

    READERS = (*(f"r{number}" for number in range(25)), "newcomer")

    def test_offers_each_series_in_its_order(self) -> None:
        rows: set[str] = set()
        for reader in self.READERS:
            asked = of(reader)
            found = {
                "list": rankings.for_you(asked, k=12),
                "most popular": rankings.popular(asked, k=12),
                **{row.key: row.items for row in home_rows(asked, size=6)},
            }
            rows |= found.keys()
            for name, items in found.items():
                assert self.later_than_next(asked, [item.card for item in items]) == [], (reader, name)
                assert len({item.row for item in items}) == len(items)
            assert len(found["list"]) == len(found["most popular"]) == 12
        assert {"for_you", "series", "because_you_read", "popular", "genre:fiction"} <= rows

    def test_offers_what_the_evaluation_measures(self, reader: Reads) -> None:
        delete_books(["late1", "late2"], now=NOON)  # the evaluation knows the books of the model
        for number in range(8):
            key = f"plain{number}"
            reader(key, *(f"s{number}-{volume:g}" for volume in self.VOLUMES[number % 6 :]), f"single{number}")
            asked = of(key)
            model, cards = asked.pool.model, asked.pool.shelf.cards
            assert model is not None
            evaluation_set = EvaluationSet(
                (offline.TestCase(0, asked.history, np.zeros(0, np.int32), CHILD),), features_of(cards)
            )
            (measured,) = offline.rankings_of(evaluation_set, offline.fused(model.recommender)).lists
            assert [item.row for item in rankings.for_you(asked, k=len(measured))] == measured.tolist()

    def test_offers_it_so_beside_every_book(self) -> None:
        for reader in self.READERS[::4]:
            asked = of(reader)
            for row, card in enumerate(asked.pool.shelf.cards):
                if card.age_band <= asked.age_band:
                    cards = [item.card for item in rankings.similar(asked, row=row, k=10)]
                    assert self.later_than_next(asked, cards, looked_at=card) == []

    def test_tells_the_truth_about_series(self) -> None:
        told = 0
        for reader in self.READERS:
            asked = of(reader)
            cards = {card.key: card for card in asked.pool.shelf.cards}
            read_ids = set(asked.past.book_ids.tolist()) if asked.past else set()
            for item in rankings.for_you(asked, k=12):
                if item.reason.kind == "series" and item.reason.book_key:
                    before = cards[item.reason.book_key]
                    told += 1
                    assert before.series == item.card.series
                    assert (before.series_number or 0) < (item.card.series_number or 0)
                    assert before.id in read_ids
        assert told > 20
