"""What is live is followed, opened and swapped; tested on a kind that is small enough to see through."""

import shutil
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from apps.platform.services.errors import EpicmlError
from apps.releases import artifacts
from apps.releases.models import Release
from apps.releases.selectors.live import LiveRelease
from apps.releases.services.files import load_arrays
from apps.releases.services.live_artifact import (
    BESIDE_FOR,
    MOST_BESIDE,
    LiveArtifact,
    artifact_states,
    follow,
    reset_live_artifacts,
)
from apps.releases.services.opening import ArtifactOpener
from apps.releases.services.promotion import roll_back
from tests.apps.releases.numbers import KIND, NOON, NumberKind, damage
from tests.apps.releases.object_storage import ObjectStorage, storages_at

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)
RETRY = ArtifactOpener.retry_after


class NumberOpener(ArtifactOpener[float]):
    """Opens the number of a release; `read` says of which ones the files were read."""

    kind = KIND
    title = "Number"

    def __init__(self) -> None:
        self.read: list[str] = []
        self.during_read: Callable[[], object] = lambda: None

    def open(self, release: LiveRelease, folder: Path) -> float:
        self.read.append(release.key)
        self.during_read()
        return float(load_arrays(folder / "number.npz")["number"][0])


@pytest.fixture
def opener() -> NumberOpener:
    return NumberOpener()


@pytest.fixture
def live(opener: NumberOpener) -> LiveArtifact[float]:
    return LiveArtifact(opener)


class TestCurrent:
    def test_is_none_where_nothing_is_live(self, live: LiveArtifact[float]) -> None:
        assert live.current(NOON) is None
        assert live.state().live is None

    def test_follows_promotions_and_rollbacks(self, live: LiveArtifact[float], numbers: NumberKind) -> None:
        first, second = numbers.make(1.0).key, None
        assert live.current(NOON) == 1.0
        second = numbers.make(2.0).key
        assert live.current(NOON + SECOND) == 2.0
        roll_back(KIND, decided_by="ada", why="worse", now=NOON)
        assert live.current(NOON + 2 * SECOND) == 1.0
        assert (live.state().served, live.state().failure) == (first, "")
        assert second != first

    def test_asks_once_a_second_and_reads_once_a_release(
        self,
        live: LiveArtifact[float],
        opener: NumberOpener,
        numbers: NumberKind,
        django_assert_num_queries: Callable[[int], object],
    ) -> None:
        key = numbers.make(1.0).key
        live.current(NOON)
        with django_assert_num_queries(0):  # type: ignore[attr-defined]
            live.current(NOON + SECOND * 0.9)
        with django_assert_num_queries(1):  # type: ignore[attr-defined]
            live.current(NOON + SECOND * 1.1)
        assert opener.read == [key]

    def test_lets_others_go_on_while_one_opens(
        self, live: LiveArtifact[float], opener: NumberOpener, numbers: NumberKind
    ) -> None:
        numbers.make(1.0)
        live.current(NOON)
        numbers.make(2.0)
        seen: list[float | None] = []

        def another() -> None:
            with ThreadPoolExecutor(1) as pool:
                seen.append(pool.submit(live.current, NOON + SECOND).result(5))

        opener.during_read = another
        assert live.current(NOON + SECOND) == 2.0
        assert seen == [1.0]

    def test_makes_those_wait_who_find_nothing(
        self, live: LiveArtifact[float], opener: NumberOpener, numbers: NumberKind
    ) -> None:
        numbers.make(1.0)
        asked: list[Future[float | None]] = []

        def others() -> None:
            asked.extend(pool.submit(live.current, NOON) for _ in range(8))
            time.sleep(0.05)
            assert not any(one.done() for one in asked)

        opener.during_read = others
        with ThreadPoolExecutor(8) as pool:
            assert live.current(NOON) == 1.0
            assert [one.result(5) for one in asked] == [1.0] * 8

    def test_goes_on_with_the_last_good_one(
        self, live: LiveArtifact[float], opener: NumberOpener, numbers: NumberKind, artifacts_dir: Path
    ) -> None:
        first, second = numbers.make(1.0).key, None
        live.current(NOON)
        second = numbers.make(2.0).key
        damage(artifacts_dir, second)
        for seconds in (1, 2, 3):
            assert live.current(NOON + seconds * SECOND) == 1.0
        state = live.state()
        assert (state.served, state.live, state.stands_in) == (first, second, True)
        assert "number.npz" in state.failure
        damage(artifacts_dir, second)  # the same bit once more
        assert live.current(NOON + SECOND + RETRY) == 2.0
        assert (live.state().failure, live.state().stands_in) == ("", False)

    def test_that_stood_in_and_was_rolled_back_to_stands_in_no_more(
        self, live: LiveArtifact[float], opener: NumberOpener, numbers: NumberKind, artifacts_dir: Path
    ) -> None:
        first = numbers.make(1.0).key
        damage(artifacts_dir, numbers.make(2.0, now=NOON + SECOND).key)
        assert (live.current(NOON), live.state().stands_in) == (1.0, True)
        roll_back(KIND, decided_by="ada", why="damaged", now=NOON)
        assert (live.current(NOON + SECOND), live.state().stands_in, live.state().failure) == (1.0, False, "")
        assert opener.read == [first]

    def test_of_a_fresh_process_is_the_newest_sound_former_one(
        self, live: LiveArtifact[float], numbers: NumberKind, artifacts_dir: Path
    ) -> None:
        keys = [numbers.make(float(n), now=NOON + n * SECOND).key for n in (1, 2, 3)]
        damage(artifacts_dir, keys[2])
        assert live.current(NOON) == 2.0
        live.reset()
        damage(artifacts_dir, keys[1])
        assert live.current(NOON) == 1.0

    def test_reads_what_is_damaged_no_more_than_once_in_a_while(
        self, live: LiveArtifact[float], numbers: NumberKind, artifacts_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        damage(artifacts_dir, numbers.make(1.0).key)
        looked, open_at_hand = [], artifacts.open_at_hand

        def note(*names: str) -> Path:
            looked.append(names)
            return open_at_hand(*names)

        monkeypatch.setattr(artifacts, "open_at_hand", note)
        for seconds in range(10):
            assert live.current(NOON + seconds * SECOND) is None
        assert len(looked) == 1
        live.current(NOON + RETRY)
        assert len(looked) == 2

    def test_is_none_again_when_nothing_is_live_any_more(self, live: LiveArtifact[float], numbers: NumberKind) -> None:
        numbers.make(1.0)
        live.current(NOON)
        Release.objects.update(state="retired")
        assert live.current(NOON + SECOND) is None

    def test_is_opened_anew_after_it_failed_in_an_answer(
        self, live: LiveArtifact[float], opener: NumberOpener, numbers: NumberKind
    ) -> None:
        key = numbers.make(1.0).key
        number = live.current(NOON)
        assert number is not None
        live.forget(number, EpicmlError("It broke."), now=NOON)
        again = live.current(NOON)
        assert (again, opener.read) == (1.0, [key, key])
        live.forget(number, EpicmlError("It broke."), now=NOON)  # by an answer that was still at it
        assert live.current(NOON) is again
        assert again is not None
        live.forget(again, EpicmlError("It broke again."), now=NOON)
        assert live.current(NOON) is None
        assert live.state().failure == "It broke again."
        assert live.current(NOON + RETRY) == 1.0


class TestByKey:
    @pytest.fixture
    def keys(self, numbers: NumberKind) -> list[str]:
        """Four releases, the first one refused nothing; the last one is live."""
        return [numbers.make(float(n), now=NOON + n * SECOND).key for n in (1, 2, 3, 4)]

    def test_opens_what_is_not_live_beside_it(
        self, live: LiveArtifact[float], opener: NumberOpener, keys: list[str]
    ) -> None:
        for _ in range(3):
            assert [live.by_key(key, NOON) for key in keys] == [1.0, 2.0, 3.0, 4.0]
        assert opener.read == [keys[3], *keys[:3]]
        assert live.state().beside == tuple(keys[:3])
        assert live.current(NOON) == 4.0

    def test_costs_no_query_when_it_is_open(
        self, live: LiveArtifact[float], keys: list[str], django_assert_num_queries: Callable[[int], object]
    ) -> None:
        live.by_key(keys[0], NOON)
        with django_assert_num_queries(0):  # type: ignore[attr-defined]
            live.by_key(keys[0], NOON)
        with django_assert_num_queries(1):  # type: ignore[attr-defined]
            live.by_key(keys[0], NOON + SECOND)

    def test_holds_few_and_lets_go_of_the_one_not_asked_for_longest(
        self, live: LiveArtifact[float], numbers: NumberKind, keys: list[str]
    ) -> None:
        waiting = [numbers.make(float(n), promote=False, now=NOON).key for n in (5, 6)]
        wanted = [*keys[:3], *waiting]
        for second, key in enumerate(wanted):
            live.by_key(key, NOON + second * SECOND * 0.1)
        assert live.state().beside == tuple(sorted(wanted[-MOST_BESIDE:]))

    def test_lets_go_of_what_nobody_asks_for(self, live: LiveArtifact[float], keys: list[str]) -> None:
        live.by_key(keys[0], NOON)
        live.current(NOON + BESIDE_FOR - SECOND)
        assert live.state().beside == (keys[0],)
        live.current(NOON + BESIDE_FOR)
        assert live.state().beside == ()

    def test_lets_go_of_what_has_no_files_any_more(self, live: LiveArtifact[float], keys: list[str]) -> None:
        live.by_key(keys[0], NOON)
        Release.objects.filter(key=keys[0]).update(artifact_removed_at=NOON)
        assert live.by_key(keys[0], NOON + SECOND) is None
        assert live.state().beside == ()

    def test_is_none_where_it_cannot_be_opened_and_looks_again_later(
        self,
        live: LiveArtifact[float],
        keys: list[str],
        artifacts_dir: Path,
        django_assert_num_queries: Callable[[int], object],
    ) -> None:
        damage(artifacts_dir, keys[1])
        assert [live.by_key(key, NOON) for key in (keys[1], "2026-01-01.1")] == [None, None]
        with django_assert_num_queries(0):  # type: ignore[attr-defined]
            assert [live.by_key(key, NOON) for key in (keys[1], "2026-01-01.1")] == [None, None]
        damage(artifacts_dir, keys[1])
        assert live.by_key(keys[1], NOON + RETRY) == 2.0
        assert live.current(NOON + RETRY) == 4.0

    def test_does_not_read_again_what_was_live_or_becomes_it(
        self, live: LiveArtifact[float], opener: NumberOpener, keys: list[str]
    ) -> None:
        live.by_key(keys[3], NOON)
        live.by_key(keys[2], NOON)
        roll_back(KIND, decided_by="ada", why="worse", now=NOON)
        assert live.current(NOON + SECOND) == 3.0
        assert live.by_key(keys[3], NOON + SECOND) == 4.0
        assert opener.read == [keys[3], keys[2]]


class TestObjectStorage:
    """No request waits for object storage."""

    def fetched(self, live: LiveArtifact[float]) -> None:
        fetch = live._open.fetch
        assert fetch is not None
        fetch.join(20)

    def test_a_new_machine_answers_without_until_it_has_fetched(
        self, live: LiveArtifact[float], numbers: NumberKind, object_storage: ObjectStorage, artifacts_dir: Path
    ) -> None:
        numbers.make(1.0)
        shutil.rmtree(artifacts_dir)
        assert live.current(NOON) is None
        assert live.state().failure.startswith(f"The files of {KIND} 2026-11-24.1 are not on this machine yet;")
        self.fetched(live)
        assert live.current(NOON + SECOND) == 1.0
        assert live.state().failure == ""

    def test_what_is_open_serves_on_while_the_next_one_comes(
        self, live: LiveArtifact[float], numbers: NumberKind, object_storage: ObjectStorage, artifacts_dir: Path
    ) -> None:
        numbers.make(1.0)
        live.current(NOON)
        key = numbers.make(2.0).key
        shutil.rmtree(artifacts_dir / KIND / key)
        assert live.current(NOON + SECOND) == 1.0
        self.fetched(live)
        assert live.current(NOON + 2 * SECOND) == 2.0

    def test_waits_where_nobody_asks_yet(
        self, live: LiveArtifact[float], numbers: NumberKind, object_storage: ObjectStorage, artifacts_dir: Path
    ) -> None:
        numbers.make(1.0)
        shutil.rmtree(artifacts_dir)
        assert live.warm(NOON) == 1.0

    def test_fetches_a_former_one_where_the_live_one_is_damaged(
        self, live: LiveArtifact[float], numbers: NumberKind, object_storage: ObjectStorage, artifacts_dir: Path
    ) -> None:
        numbers.make(1.0)
        key = numbers.make(2.0, now=NOON + SECOND).key
        object_storage.damage(f"{KIND}/{key}/number.npz")
        shutil.rmtree(artifacts_dir)
        assert live.warm(NOON) == 1.0
        assert "number.npz" in live.state().failure

    @pytest.mark.parametrize("by_key", [False, True])
    def test_that_is_away_stops_nobody(
        self,
        live: LiveArtifact[float],
        numbers: NumberKind,
        object_storage: ObjectStorage,
        artifacts_dir: Path,
        settings: Settings,
        by_key: bool,
    ) -> None:
        numbers.make(1.0)
        live.current(NOON)
        key = numbers.make(2.0, promote=not by_key).key
        shutil.rmtree(artifacts_dir / KIND / key)
        settings.STORAGES = storages_at("s3://artifacts-of-tests?endpoint=http://127.0.0.1:1")
        began = time.monotonic()
        if by_key:
            assert live.by_key(key, NOON) is None
        assert live.current(NOON + SECOND) == 1.0
        assert time.monotonic() - began < 1
        self.fetched(live)
        assert live.current(NOON + 2 * SECOND) == 1.0
        if not by_key:
            assert "cannot be reached: it does not answer" in live.state().failure
        settings.STORAGES = storages_at(object_storage.address)
        assert live.current(NOON + 2 * SECOND + RETRY) == 1.0
        assert (live.by_key(key, NOON + 2 * SECOND + RETRY) if by_key else None) is None
        self.fetched(live)
        later = NOON + 3 * SECOND + RETRY
        assert (live.by_key(key, later) if by_key else live.current(later)) == 2.0

    def test_keeps_copies_only_of_what_may_be_wanted(
        self, live: LiveArtifact[float], numbers: NumberKind, object_storage: ObjectStorage, artifacts_dir: Path
    ) -> None:
        """Another machine's retention removed a release; this one has its copy still, until it opens the next one."""
        (artifacts_dir / KIND / "2026-01-01.1").mkdir(parents=True)
        numbers.make(1.0)
        assert live.current(NOON) == 1.0
        assert [path.name for path in (artifacts_dir / KIND).iterdir()] == ["2026-11-24.1"]


class TestRegistry:
    def test_tells_and_resets_all_in_one_place(
        self, opener: NumberOpener, numbers: NumberKind, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("apps.releases.services.live_artifact._followed", {})
        followed = follow(opener)
        key = numbers.make(1.0).key
        followed.current(NOON)
        (state,) = artifact_states()
        assert (state.kind, state.served, state.live) == (KIND, key, key)
        reset_live_artifacts()
        assert artifact_states()[0].served is None
