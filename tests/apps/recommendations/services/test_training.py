from datetime import timedelta

import pytest

from apps.events.models import Event
from apps.recommendations.services.snapshot import NothingToLearnError, take_snapshot
from apps.releases.selectors.detail import release_detail
from apps.releases.selectors.listing import ReleaseRow
from epicml.evaluation.report import Report
from tests.apps.recommendations import library
from tests.apps.recommendations.library import NOON, train


class TestRetrain:
    def test_makes_a_model_that_beats_popularity_and_serves(self, live_model: ReleaseRow) -> None:
        report = Report.from_json(release_detail("recommender", live_model.key).report)
        against = report.measure("ndcg@10:popularity").difference
        assert against is not None
        assert against.low > 0

    def test_shows_no_book_above_the_band_and_none_twice(self, live_model: ReleaseRow) -> None:
        report = Report.from_json(release_detail("recommender", live_model.key).report)
        assert report.measure("above_band").challenger == 0
        assert report.measure("already_read").challenger == 0

    def test_gives_equal_hashes_to_equal_data(self, live_model: ReleaseRow) -> None:
        assert train().sha256 == live_model.sha256

    def test_compares_with_the_champion_on_the_same_readers(self, live_model: ReleaseRow) -> None:
        second = train()
        measure = Report.from_json(release_detail("recommender", second.key).report).measure("ndcg@10")
        assert release_detail("recommender", second.key).compared_with == live_model.key
        assert measure.champion == measure.challenger
        assert measure.change is not None
        assert (measure.change.low, measure.change.high) == (0.0, 0.0)

    def test_refuses_data_of_which_half_was_lost(self, live_model: ReleaseRow) -> None:
        half = sorted(Event.objects.values_list("id", flat=True))[::2]
        Event.objects.filter(id__in=half).delete()
        Event.objects.filter(id__in=sorted(Event.objects.values_list("id", flat=True))[:20]).delete()
        row = train()
        assert row.state == "refused_by_audit"
        assert "the live model was built from" in row.gate_reason

    def test_records_what_it_was_built_from(self, live_model: ReleaseRow) -> None:
        manifest = release_detail("recommender", live_model.key).manifest
        assert manifest["snapshot"]["rows"] == Event.objects.count()
        assert manifest["snapshot"]["up_to"] == NOON.isoformat()
        assert manifest["seed"] == 42
        assert set(manifest["files"]) == {"model.npz", "holdout.npz", "catalogue.npz"}

    def test_says_that_there_is_nothing_to_learn_from(self, db: None) -> None:
        with pytest.raises(NothingToLearnError, match="no reader has read a book"):
            train()

    def test_fits_lightfm_where_it_is_installed(self, full_library: None) -> None:
        pytest.importorskip("lightfm")
        row = train(with_lightfm=True)
        assert "lightfm" in release_detail("recommender", row.key).manifest["models"]


class TestTakeSnapshot:
    def test_ends_at_its_instant(self, full_library: None) -> None:
        before = take_snapshot(up_to=NOON)
        later = NOON + timedelta(seconds=1)
        library.read("robot-reader-0", ["dragon-0"], at=later, kind="started", heard_at=later)
        assert take_snapshot(up_to=NOON).sha256 == before.sha256
        assert take_snapshot(up_to=NOON + timedelta(days=1)).sha256 != before.sha256

    def test_does_not_depend_on_the_size_of_the_chunks(self, full_library: None) -> None:
        assert take_snapshot(up_to=NOON, chunk=7).sha256 == take_snapshot(up_to=NOON).sha256

    def test_counts_the_latest_fact_of_a_reader_on_a_book(self, full_library: None) -> None:
        library.read("robot-reader-0", ["dragon-0"], at=NOON - timedelta(hours=3), value=2.0)
        before = take_snapshot(up_to=NOON)
        library.read("robot-reader-0", ["dragon-0"], at=NOON - timedelta(hours=2), kind="liked")
        after = take_snapshot(up_to=NOON)
        assert len(after.interactions) == len(before.interactions)
        assert after.log.repeated == before.log.repeated + 1
        assert (before.interactions.value == 2.0).sum() == 1
        assert (after.interactions.value == 2.0).sum() == 0

    def test_leaves_out_withdrawn_books_and_says_so(self, full_library: None) -> None:
        from apps.catalog.services.books import delete_books

        delete_books(["dragon-0"], now=NOON)
        snapshot = take_snapshot(up_to=NOON)
        assert len(snapshot.books) == 2 * library.BOOKS_PER_TASTE - 1
        assert [finding.column for finding in snapshot.log.findings if finding.text == "Unknown book"] == ["book"]
