"""What a live model has seen is worked out from the events, and both models are compared on the rest."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import delete_books, save_books
from apps.events.services.ingest import ingest
from apps.readers.services import ReaderInput, save_readers
from apps.recommendations.services.building import HOLDOUT_FILE
from apps.recommendations.services.comparing import seen_by
from apps.recommendations.services.snapshot import take_snapshot
from apps.recommendations.serving import read_model
from apps.releases.selectors.detail import release_detail
from apps.releases.selectors.listing import ReleaseRow
from apps.releases.selectors.live import LiveRelease
from apps.releases.services.files import load_arrays
from epicml.audience.bands import AgeBand
from epicml.evaluation.report import Report
from tests.apps.recommendations import library
from tests.apps.recommendations.library import NOON, TASTES, Made, made_in, train

LATER = NOON + timedelta(hours=1)
Pairs = set[tuple[str, str]]


def act(reader: str, book: str, *, at: datetime, received: datetime, value: float = 5.0) -> None:
    """The reader rated the book at one time, and we heard of it at another."""
    event = {
        "event_id": f"{reader}:{book}:{at:%y%m%d%H%M}:{received:%H%M}",
        "reader": reader,
        "book": book,
        "kind": "rated",
        "value": value,
        "occurred_at": at.isoformat(),
    }
    (outcome,) = ingest([event], now=received)
    assert outcome.status == "stored", outcome


def days_ago(days: int) -> datetime:
    return NOON - timedelta(days=days)


@pytest.mark.django_db
class TestSeenBy:
    """One reader of ten books, of which the live model learned the oldest eight; another one of two, who gave one."""

    @pytest.fixture(autouse=True)
    def shelf(self) -> None:
        save_books(
            [BookInput(key=f"b{n}", title=f"Book {n}", age_band=AgeBand.AGES_0_TO_5) for n in range(30)], now=NOON
        )
        save_readers([ReaderInput(key=key, age_band=AgeBand.ADULT) for key in ("ada", "tom")], now=NOON)
        for place in range(10):
            act("ada", f"b{place}", at=days_ago(50 - place), received=NOON)
        for place in (10, 11):
            act("tom", f"b{place}", at=days_ago(40 - place), received=NOON)

    @pytest.fixture
    def live(self, tmp_path: Path) -> Path:
        (tmp_path / "live").mkdir()
        return tmp_path / "live"

    def built(self, folder: Path) -> LiveRelease:
        return LiveRelease(1, "recommender", "1", "0" * 64, made_in(folder).fitted.details, NOON)

    def seen(self, folder: Path, champion: LiveRelease) -> Pairs:
        """Reader and book of each fact that counts as seen, in the rows of a snapshot taken later."""
        model = read_model(load_arrays(folder / HOLDOUT_FILE), key="1", sha256="")
        snapshot = take_snapshot(up_to=LATER)
        readers, books = seen_by(champion, model, snapshot).nonzero()
        from apps.catalog.selectors.books import all_book_ids
        from apps.readers.selectors import all_reader_ids

        names = {book_id: key for key, book_id in all_book_ids().items()}
        keys = {reader_id: key for key, reader_id in all_reader_ids().items()}
        return {
            (keys[int(snapshot.readers.ids[reader])], names[int(snapshot.books.ids[book])])
            for reader, book in zip(readers, books, strict=True)
        }

    LEARNED: Pairs = {("ada", f"b{place}") for place in range(8)} | {("tom", "b10")}

    def test_is_the_older_side_of_the_cut(self, live: Path) -> None:
        assert self.seen(live, self.built(live)) == self.LEARNED

    def test_does_not_change_when_older_facts_are_imported(self, live: Path) -> None:
        champion = self.built(live)
        for place in range(12, 24):
            act("ada", f"b{place}", at=days_ago(200 - place), received=NOON + timedelta(minutes=1))
        assert self.seen(live, champion) == self.LEARNED

    def test_does_not_change_when_a_book_is_rated_again(self, live: Path) -> None:
        champion = self.built(live)
        act("ada", "b2", at=days_ago(1), received=NOON + timedelta(minutes=1))  # seen, and today among the newest
        act("ada", "b9", at=days_ago(1), received=NOON + timedelta(minutes=1))  # not seen
        assert self.seen(live, champion) == self.LEARNED

    def test_does_not_change_when_books_of_the_test_side_are_withdrawn(self, live: Path) -> None:
        champion = self.built(live)
        delete_books(["b8", "b9"], now=NOON)  # with eight books left the cut would lie at six
        assert self.seen(live, champion) == self.LEARNED

    def test_keeps_facts_of_one_moment_in_the_order_in_which_they_came(self, live: Path) -> None:
        save_readers([ReaderInput(key="eve", age_band=AgeBand.ADULT)], now=NOON)
        for place in range(5):
            act("eve", f"b{place}", at=days_ago(9), received=NOON)
        champion = self.built(live)
        assert self.seen(live, champion) == self.LEARNED | {("eve", f"b{place}") for place in range(4)}

    def test_counts_everything_where_more_facts_are_found_than_were_counted(self, live: Path) -> None:
        # An import was running: its rows bear the time at which it began, and some were stored after the snapshot.
        # Where the release does not say which event was its last one, nobody knows which.
        champion = self.built(live)
        known = {name: value for name, value in champion.manifest["snapshot"].items() if name != "last_event"}
        champion = replace(champion, manifest={**champion.manifest, "snapshot": known})
        act("ada", "b25", at=days_ago(300), received=NOON)
        everything = {("ada", f"b{n}") for n in (*range(10), 25)} | {("tom", "b10"), ("tom", "b11")}
        assert self.seen(live, champion) == everything

    def test_does_not_change_when_an_import_goes_on_that_was_running(self, live: Path) -> None:
        champion = self.built(live)
        act("ada", "b25", at=days_ago(300), received=NOON)
        assert self.seen(live, champion) == self.LEARNED

    def test_of_readers_who_are_gone_is_nothing(self, live: Path) -> None:
        from apps.readers.services import erase_reader

        champion = self.built(live)
        erase_reader("tom", by="ada", now=NOON)
        assert self.seen(live, champion) == self.LEARNED - {("tom", "b10")}


def report_of(row: ReleaseRow) -> Report:
    return Report.from_json(release_detail("recommender", row.key).report)


def import_before(share: float) -> None:
    """Each reader's older acts come to us only now, as many as this share of what is known."""
    random = np.random.default_rng(3)
    for taste in TASTES:
        for number in range(library.READERS_PER_TASTE):
            reader = library.reader_key(taste, number)
            for place in range(round(12 * share)):
                book = int((number + 16 + random.integers(0, 16)) % library.BOOKS_PER_TASTE)
                if library.band_of(book) <= AgeBand.AGES_6_TO_8:
                    at = NOON - timedelta(days=400, minutes=-place)
                    act(reader, library.book_key(taste, book), at=at, received=NOON + timedelta(minutes=5))


class TestComparison:
    def test_of_a_night_without_news_is_on_every_fact(self, live_model: ReleaseRow) -> None:
        report = report_of(train(now=LATER))
        measure = report.measure("ndcg@10")
        assert "the champion's holdout model, on " in report.method
        assert (measure.champion, measure.n) == (measure.challenger, 80)

    def test_after_older_facts_came_leaves_out_what_the_live_model_learned(self, live_model: ReleaseRow) -> None:
        import_before(0.25)
        row = train(now=LATER)
        report = report_of(row)
        found = report.measure("ndcg@10")
        assert "that neither model saw" in report.method
        # Before, the facts it had learned were asked of it too, and it had most of them right.
        assert found.champion is not None
        assert found.challenger > 0.85 * found.champion

    def test_after_many_older_facts_came_fits_the_live_recipe_anew(self, live_model: ReleaseRow) -> None:
        import_before(4.0)
        row = train(now=LATER)
        report = report_of(row)
        assert "the champion's recipe fitted anew, for its holdout model saw " in report.method
        assert report.measure("ndcg@10").champion == report.measure("ndcg@10").challenger
        assert row.state == "live", row.gate_reason

    def test_keeps_nothing_about_readers_in_the_files(self, live_model: ReleaseRow, artifacts_dir: Path) -> None:
        folder = artifacts_dir / "recommender" / live_model.key
        assert {path.name for path in folder.iterdir()} == {
            "manifest.json",
            "catalogue.npz",
            "holdout.npz",
            "model.npz",
        }
        assert set(load_arrays(folder / "catalogue.npz")) == {
            "ids",
            "bands",
            "value.series",
            "value.author",
            "value.genres",
            "value.popularity",
            "value.title",
            "value.language",
        }


class TestNotComparable:
    @pytest.fixture
    def challenger(self, full_library: None, tmp_path: Path) -> Made:
        return made_in(tmp_path / "challenger")

    def beside(self, challenger: Made, folder: Path | None, **manifest: Any) -> Report:
        return challenger.beside(folder, details={**challenger.fitted.details, **manifest}, problem="it is lost")

    def test_says_what_is_wrong_with_the_files(self, challenger: Made) -> None:
        report = self.beside(challenger, None)
        assert (report.not_compared, report.measure("ndcg@10").champion) == ("it is lost", None)
        assert report.measure("ndcg@10").note == "not_compared"

    @pytest.mark.parametrize(("content", "said"), [(None, "it has no holdout.npz"), (b"x", "cannot be read")])
    def test_says_that_the_measured_model_is_not_there(
        self, challenger: Made, tmp_path: Path, content: bytes | None, said: str
    ) -> None:
        folder = tmp_path / "champion"
        folder.mkdir()
        if content is not None:
            (folder / HOLDOUT_FILE).write_bytes(content)
        assert said in self.beside(challenger, folder).not_compared

    @pytest.mark.parametrize(
        ("manifest", "said"),
        [
            ({"snapshot": {}}, "it does not say up to when its facts go"),
            ({"snapshot": {"up_to": "yesterday"}}, "it does not say up to when its facts go"),
        ],
    )
    def test_says_what_an_older_form_lacks(self, challenger: Made, manifest: Mapping[str, Any], said: str) -> None:
        assert self.beside(challenger, challenger.folder, **manifest).not_compared == said

    @pytest.mark.parametrize(
        ("manifest", "said"),
        [
            ({"seed": None}, "it does not say how it was made"),
            ({"settings": {"weight": 1}}, "it does not say how it was made"),
            ({"models": ["item_knn", "oracle", "popularity"]}, "its parts oracle cannot be fitted here"),
        ],
    )
    def test_says_that_it_cannot_be_made_again(self, challenger: Made, manifest: Mapping[str, Any], said: str) -> None:
        seen_all = {**challenger.snapshot.details(), "rows": 0}  # more facts than it counted: all of them count as seen
        assert said in self.beside(challenger, challenger.folder, snapshot=seen_all, **manifest).not_compared

    def test_fits_another_recipe_anew(self, challenger: Made) -> None:
        seen_all = {**challenger.snapshot.details(), "rows": 0}
        settings = {**challenger.fitted.details["settings"], "weights": {"popularity": 50.0}}
        report = self.beside(challenger, challenger.folder, snapshot=seen_all, settings=settings)
        measure = report.measure("ndcg@10")
        assert measure.champion is not None
        assert measure.champion < measure.challenger  # popularity has less than half of it
        assert "saw 100% of the facts asked for" in report.method

    def test_says_that_it_knows_no_book_of_today(self, challenger: Made, tmp_path: Path) -> None:
        folder = tmp_path / "champion"
        folder.mkdir()
        arrays = load_arrays(challenger.folder / HOLDOUT_FILE)
        arrays["books.ids"] = arrays["books.ids"] + 100_000
        from apps.releases.services.files import save_arrays

        save_arrays(folder / HOLDOUT_FILE, arrays)
        assert self.beside(challenger, folder).not_compared == "it knows none of the books that there are now"
