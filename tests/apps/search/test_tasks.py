from dataclasses import replace
from datetime import time, timedelta

import pytest
from pytest_django import Settings

from apps.catalog.services.books import save_books
from apps.jobs.models import Job
from apps.jobs.services.ledger.queue import enqueue
from apps.jobs.services.ledger.registry import check_registered, registration_of, schedules
from apps.jobs.services.runner.execution import run_until_empty
from apps.jobs.services.runner.host_lock import HostLock
from apps.releases.selectors.listing import ReleaseRow, releases
from apps.releases.services.kinds import register_kind, release_kind
from apps.releases.services.live_artifact import reset_live_artifacts
from apps.releases.services.promotion import promote_release, roll_back
from apps.search.engines.embedded.folders import copies_folder
from apps.search.services import monitoring
from apps.search.services.applying import FOLLOWER
from epicml.evaluation.gate import Bound, GateRule
from epicml.search import lexicon
from epicml.search.fields import TOKENS_VERSION
from tests.apps.catalog.samples import a_book
from tests.apps.search.damages import remove_copies
from tests.apps.search.library import NOON, rebuild
from tests.apps.search.searching import keys, searched


class TestApplyChanges:
    def test_makes_a_saved_book_found(self, live_index_row: ReleaseRow) -> None:
        save_books([a_book("new", title="Zebra", series=None)], now=NOON)
        assert "new" not in keys(searched("zebra"))
        run_until_empty(clock=lambda: NOON)
        assert keys(searched("zebra"))[0] == "new"
        assert Job.objects.get(name="search.apply_changes").state == "done"

    def test_is_done_at_once_where_nothing_is_live(self, full_library: None) -> None:
        assert run_until_empty(clock=lambda: NOON) == 1
        assert Job.objects.get().state == "done"


class TestOnAMachineThatAnswersNobody:
    """Celery workers run elsewhere than what serves: REDIS_URL is set, and nobody follows there."""

    @pytest.fixture(autouse=True)
    def worker(self, settings: Settings) -> None:
        settings.REDIS_URL = "redis://redis.example/0"

    @pytest.mark.parametrize("name", ["search.apply_changes", "search.verify_index", "search.rebuild"])
    def test_makes_no_copy_and_says_so(self, live_index_row: ReleaseRow, name: str) -> None:
        remove_copies()
        Job.objects.all().delete()
        save_books([a_book("new", title="Zebra", series=None)], now=NOON)
        job = enqueue(name, now=NOON)
        run_until_empty(clock=lambda: NOON + timedelta(minutes=1))
        done = Job.objects.get(pk=job)
        assert done.state == "done"
        assert not list(copies_folder().glob("*/published.json"))
        assert {each.state for each in Job.objects.all()} == {"done"}
        if name != "search.rebuild":
            assert "keeps no working copy" in done.progress_text

    def test_brings_up_the_copy_where_somebody_follows_for_web_processes(self, live_index_row: ReleaseRow) -> None:
        save_books([a_book("new", title="Zebra", series=None)], now=NOON)
        lock = HostLock(FOLLOWER)
        lock.take("relay")
        run_until_empty(clock=lambda: NOON)
        lock.release()
        assert keys(searched("zebra")) == ["new"]


class TestAnIndexOfAnotherVersion:
    @pytest.fixture
    def outdated(self, full_library: None, quick_gate: None, monkeypatch: pytest.MonkeyPatch) -> ReleaseRow:
        """A live index that this version cannot read, made as the one before it would have."""
        with monkeypatch.context() as version:
            version.setattr(lexicon, "TOKENS_VERSION", TOKENS_VERSION - 1)
            row = rebuild()
        reset_live_artifacts()
        assert row.state == "live"
        return row

    def test_is_told_apart_and_the_database_answers(self, outdated: ReleaseRow) -> None:
        answer = searched("harry")
        assert (answer.fallback, keys(answer)[0]) == ("index_unavailable", "potter1")
        health = monitoring.health()
        assert health.state == "degraded"
        assert health.detail.endswith("another version of this program made it; build a new one.")
        assert "rebuild_search_index --promote" in health.remedy

    def test_is_built_anew_by_the_next_catching_up(self, outdated: ReleaseRow) -> None:
        enqueue("search.apply_changes", now=NOON)
        run_until_empty(clock=lambda: NOON)
        newest = releases(kind="search_index")[0]
        assert (newest.state, newest.why) == ("live", f"the live index is not of form {TOKENS_VERSION}")
        reset_live_artifacts()
        answer = searched("harry pott")
        assert (answer.fallback, answer.release, keys(answer)[0]) == (None, newest.key, "potter1")
        assert monitoring.health().state == "ok"

    def test_is_built_anew_once_where_the_gate_refuses(self, outdated: ReleaseRow) -> None:
        rule = GateRule("books", "books", Bound.AT_LEAST, 10_000)
        register_kind(replace(release_kind("search_index"), rules=(rule,)))
        for minutes in range(3):
            now = NOON + timedelta(minutes=minutes)
            enqueue("search.apply_changes", now=now)
            run_until_empty(clock=lambda now=now: now)  # type: ignore[misc]
        assert [row.state for row in releases(kind="search_index")] == ["refused", "live"]
        assert {job.state for job in Job.objects.all()} == {"done"}

    def test_is_stood_in_for_when_it_is_rolled_back_to(self, outdated: ReleaseRow) -> None:
        newer = rebuild(now=NOON + timedelta(minutes=1))
        roll_back("search_index", decided_by="tom", why="worse", now=NOON + timedelta(minutes=2))
        run_until_empty(clock=lambda: NOON + timedelta(minutes=3))
        reset_live_artifacts()
        assert searched("harry pott").release == newer.key
        assert [row.state for row in releases(kind="search_index")] == ["retired", "live"]
        assert monitoring.health().state == "degraded"


@pytest.mark.usefixtures("full_library")
class TestAnIndexOfAnotherVersionAtItsGate:
    def test_is_replaced_by_a_person_for_it_cannot_be_compared(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with monkeypatch.context() as version:
            version.setattr(lexicon, "TOKENS_VERSION", TOKENS_VERSION - 1)
            assert rebuild().state == "live"
        enqueue("search.apply_changes", now=NOON)
        run_until_empty(clock=lambda: NOON)

        newest = releases(kind="search_index")[0]
        assert (newest.state, "could not be compared" in newest.gate_reason) == ("refused", True)
        promote_release(
            "search_index",
            newest.key,
            decided_by="tom",
            why="upgrade",
            accept=["not_compared"],
            now=NOON + timedelta(minutes=1),
        )
        run_until_empty(clock=lambda: NOON + timedelta(minutes=1))
        reset_live_artifacts()
        assert searched("harry pott").release == newest.key
        assert monitoring.health().state == "ok"


class TestRebuild:
    def test_is_registered_for_every_night(self, db: None) -> None:
        check_registered()
        nightly = {schedule.job: schedule.daily_at for schedule in schedules()}
        assert nightly["search.rebuild"] == time(2, 30)
        assert registration_of("search.rebuild").long
        assert not registration_of("search.apply_changes").long

    @pytest.mark.usefixtures("full_library", "quick_gate")
    def test_makes_a_live_index(self) -> None:
        job = enqueue("search.rebuild", now=NOON)
        run_until_empty(clock=lambda: NOON)
        row = releases(kind="search_index")[0]
        assert (row.state, row.created_by, row.why, row.job_id) == ("live", "schedule", "nightly rebuild", job)
