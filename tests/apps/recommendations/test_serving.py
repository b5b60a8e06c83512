import time
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from apps.recommendations import serving
from apps.recommendations.services import answers
from apps.recommendations.services.measures import model_health
from apps.releases.artifacts import save_arrays
from apps.releases.models import Release
from apps.releases.selectors.listing import ReleaseRow
from apps.releases.services.promotion import roll_back
from apps.releases.services.verifying import verify_live
from epicml.recommenders.protocol import InvalidModelError
from tests.apps.recommendations.library import NOON, read, train

SOON = NOON + timedelta(seconds=2)
LATER = NOON + timedelta(minutes=1)


def served(now: object) -> str | None:
    model = serving.models.current(now)  # type: ignore[arg-type]
    return model.key if model else None


def damage(artifacts_dir: Path, key: str) -> None:
    path = artifacts_dir / "recommender" / key / "model.npz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


class TestCurrentModel:
    def test_is_none_where_nothing_is_live(self, full_library: None) -> None:
        assert serving.models.current(NOON) is None

    def test_follows_a_promotion_without_a_restart(self, live_model: ReleaseRow) -> None:
        assert served(NOON) == live_model.key
        second = train()
        assert served(SOON) == second.key

    def test_follows_a_rollback_without_a_restart(self, live_model: ReleaseRow) -> None:
        read("robot-reader-1", ["dragon-1"], at=NOON - timedelta(hours=1), kind="liked")
        second = train()
        assert served(NOON) == second.key
        loaded = serving.models.current(NOON)
        roll_back("recommender", decided_by="tom", why="worse", now=NOON)
        assert served(SOON) == live_model.key
        assert serving.models.current(SOON) is not loaded

    def test_asks_the_database_at_most_once_a_second(
        self, live_model: ReleaseRow, django_assert_num_queries: pytest.FixtureRequest
    ) -> None:
        serving.models.current(NOON)
        with django_assert_num_queries(0):  # type: ignore[operator]
            serving.models.current(NOON + timedelta(milliseconds=900))
        with django_assert_num_queries(1):  # type: ignore[operator]
            serving.models.current(NOON + timedelta(milliseconds=1100))

    def test_serves_on_with_the_old_model_while_another_thread_loads(self, live_model: ReleaseRow) -> None:
        served(NOON)
        train()
        with serving.models._lock:
            assert served(SOON) == live_model.key

    def test_keeps_the_old_model_when_the_new_one_is_damaged(self, live_model: ReleaseRow, artifacts_dir: Path) -> None:
        assert served(NOON) == live_model.key
        second = train()
        damage(artifacts_dir, second.key)
        assert served(SOON) == live_model.key
        assert "model.npz" in serving.models.state().failure

    def test_loads_a_mended_model_after_a_while(self, live_model: ReleaseRow, artifacts_dir: Path) -> None:
        serving.models.current(NOON)
        second = train()
        path = artifacts_dir / "recommender" / second.key / "model.npz"
        sound = path.read_bytes()
        damage(artifacts_dir, second.key)
        serving.models.current(SOON)
        path.write_bytes(sound)
        assert served(SOON + timedelta(seconds=5)) == live_model.key
        assert served(SOON + serving.models.opener.retry_after) == second.key
        assert serving.models.state().failure == ""

    def test_loads_a_mended_model_after_a_clock_was_ahead(self, live_model: ReleaseRow, artifacts_dir: Path) -> None:
        serving.models.current(NOON)
        second = train()
        path = artifacts_dir / "recommender" / second.key / "model.npz"
        sound = path.read_bytes()
        damage(artifacts_dir, second.key)
        serving.models.current(SOON + timedelta(days=731))
        path.write_bytes(sound)
        assert served(SOON) == second.key

    def test_serves_popular_books_when_the_only_model_is_damaged(
        self, live_model: ReleaseRow, artifacts_dir: Path
    ) -> None:
        damage(artifacts_dir, live_model.key)
        answer = answers.recommend("dragon-reader-0", limit=10, now=NOON)
        assert answer.fallback == "model_unavailable"
        assert len(answer.items) == 10

    def test_serves_popular_books_when_the_files_are_gone(self, live_model: ReleaseRow, artifacts_dir: Path) -> None:
        (artifacts_dir / "recommender" / live_model.key / "model.npz").unlink()
        assert answers.recommend("dragon-reader-0", limit=10, now=NOON).fallback == "model_unavailable"

    def test_stops_serving_when_nothing_is_live_any_more(self, live_model: ReleaseRow) -> None:
        assert served(NOON) == live_model.key
        Release.objects.update(state="retired")
        assert served(SOON) is None


class TestReadModel:
    def test_refuses_arrays_without_ids(self) -> None:
        with pytest.raises(InvalidModelError, match=r"books\.ids"):
            serving.read_model({"a": np.zeros(1)}, key="1", sha256="")

    def test_refuses_ids_that_do_not_fit(self, live_model: ReleaseRow, artifacts_dir: Path) -> None:
        from apps.releases.artifacts import load_arrays

        arrays = load_arrays(artifacts_dir / "recommender" / live_model.key / "model.npz")
        arrays["books.ids"] = arrays["books.ids"][:-1]
        with pytest.raises(InvalidModelError, match="ranks 80 books but has ids for 79"):
            serving.read_model(arrays, key="1", sha256="")

    def test_never_loads_pickle(self, tmp_path: Path) -> None:
        np.savez(tmp_path / "model.npz", a=np.array([{}], dtype=object))
        from apps.releases.artifacts import ArtifactCorruptError, load_arrays

        with pytest.raises(ArtifactCorruptError):
            load_arrays(tmp_path / "model.npz")
        save_arrays(tmp_path / "plain.npz", {"a": np.zeros(1)})


class TestModelHealth:
    def test_is_well_when_the_live_model_serves(self, live_model: ReleaseRow) -> None:
        assert model_health(now=NOON).state == "ok"

    def test_is_degraded_without_a_live_model(self, full_library: None) -> None:
        health = model_health(now=NOON)
        assert (health.state, health.impact) == ("degraded", "Readers see popular books.")

    def test_is_degraded_while_an_old_model_serves(self, live_model: ReleaseRow, artifacts_dir: Path) -> None:
        model_health(now=NOON)
        damage(artifacts_dir, train().key)
        health = model_health(now=LATER)
        assert (health.state, health.impact) == ("degraded", f"{live_model.key} serves on.")

    def test_is_degraded_while_the_files_of_the_model_in_memory_are_damaged(
        self, live_model: ReleaseRow, artifacts_dir: Path
    ) -> None:
        assert model_health(now=NOON).state == "ok"
        damage(artifacts_dir, live_model.key)
        verify_live()
        health = model_health(now=SOON)
        assert (health.state, "model.npz" in health.detail) == ("degraded", True)
        assert health.impact.startswith("Nothing yet: the model is in memory.")
        damage(artifacts_dir, live_model.key)  # the same bit once more
        verify_live()
        assert model_health(now=SOON).state == "ok"


class TestManyThreadsAtOnce:
    def test_all_get_the_model_of_a_process_that_has_none_yet(
        self, live_model: ReleaseRow, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The database is asked in this thread only: one connection holds the transaction of the test."""
        asked: list[Future[serving.LoadedModel | None]] = []
        read = serving.read_model

        def read_while_others_ask(*arrays: Any, **names: Any) -> serving.LoadedModel:
            asked.extend(pool.submit(serving.models.current, NOON) for _ in range(16))
            time.sleep(0.05)
            assert not any(future.done() for future in asked)
            return read(*arrays, **names)

        monkeypatch.setattr(serving, "read_model", read_while_others_ask)
        with ThreadPoolExecutor(16) as pool:
            model = serving.models.current(NOON)
            served = [future.result(5) for future in asked]
        assert model is not None
        assert served == [model] * 16

    def test_go_on_without_one_while_none_loads(self, live_model: ReleaseRow, artifacts_dir: Path) -> None:
        damage(artifacts_dir, live_model.key)
        assert served(NOON) is None
        with serving.models._lock:  # another thread tries again
            assert served(LATER) is None


class TestFreshProcess:
    """The live model is damaged, and this process has loaded none yet."""

    @pytest.fixture
    def keys(self, live_model: ReleaseRow, artifacts_dir: Path) -> list[str]:
        """Of three releases the last one is live and damaged; nothing is in memory."""
        keys = [live_model.key, *(train(now=NOON + timedelta(minutes=minute)).key for minute in (1, 2))]
        damage(artifacts_dir, keys[2])
        serving.models.reset()
        return keys

    def test_answers_from_the_newest_former_model_that_is_sound(self, keys: list[str]) -> None:
        answer = answers.recommend("dragon-reader-0", limit=10, now=LATER)
        assert (answer.release, answer.fallback, len(answer.items)) == (keys[1], None, 10)

    def test_goes_on_to_the_one_before(self, keys: list[str], artifacts_dir: Path) -> None:
        damage(artifacts_dir, keys[1])
        assert answers.recommend("dragon-reader-0", limit=10, now=LATER).release == keys[0]

    def test_falls_to_popularity_only_where_none_is_sound(self, keys: list[str], artifacts_dir: Path) -> None:
        for key in keys[:2]:
            damage(artifacts_dir, key)
        answer = answers.recommend("dragon-reader-0", limit=10, now=LATER)
        assert (answer.release, answer.fallback) == (None, "model_unavailable")

    def test_says_both_in_its_health(self, keys: list[str]) -> None:
        health = model_health(now=LATER)
        assert health.state == "degraded"
        assert health.detail.startswith(f"Recommender {keys[2]} cannot be loaded: ")
        assert health.impact == f"{keys[1]} serves on."

    def test_returns_to_the_live_model_when_it_is_mended(self, keys: list[str], artifacts_dir: Path) -> None:
        assert served(LATER) == keys[1]
        damage(artifacts_dir, keys[2])  # the same bit once more
        assert served(LATER + serving.models.opener.retry_after) == keys[2]
        assert serving.models.state().failure == ""

    def test_prefers_one_that_nobody_rolled_back_from(self, keys: list[str], artifacts_dir: Path) -> None:
        damage(artifacts_dir, keys[2])
        roll_back("recommender", to=keys[0], decided_by="tom", why="worse", now=LATER)  # from the third
        damage(artifacts_dir, keys[0])
        assert served(LATER) == keys[1]

    def test_shows_no_book_above_a_band_that_was_raised_since(self, keys: list[str]) -> None:
        from dataclasses import replace

        from apps.catalog.services.books import save_books
        from epicml.audience.bands import AgeBand
        from tests.apps.recommendations import library

        raised = [replace(book, age_band=AgeBand.ADULT) for book in library.books() if book.key.startswith("dragon")]
        save_books(raised, now=NOON)
        answer = answers.recommend("dragon-reader-2", limit=50, now=LATER)  # of 6 to 8
        assert answer.release == keys[1]
        assert answer.items
        assert not [item for item in answer.items if item.card.key.startswith("dragon")]

    def test_in_a_running_process_takes_the_newest_too(self, live_model: ReleaseRow, artifacts_dir: Path) -> None:
        assert served(NOON) == live_model.key
        second, third = (train(now=NOON + timedelta(minutes=minute)) for minute in (1, 2))
        damage(artifacts_dir, third.key)
        assert served(LATER) == second.key
