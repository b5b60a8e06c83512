"""A kind with working copies has what an index needs: it sees commits, waits for its copy, and is never behind."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from apps.platform.services.errors import EpicmlError
from apps.releases.selectors.live import LiveRelease
from apps.releases.services.files import load_arrays
from apps.releases.services.live_artifact import LiveArtifact
from apps.releases.services.opening import AnswerVersion, ArtifactOpener, Held
from apps.releases.services.promotion import roll_back
from tests.apps.releases.numbers import KIND, NOON, NumberKind, damage

SECOND = timedelta(seconds=1)


@dataclass
class Copy:
    """What a working copy gives: the changes that it has seen, up to `cursor`."""

    cursor: int
    is_stuck: bool = False
    damage: str = ""
    refreshed: int = 0


@dataclass
class Copies(ArtifactOpener[Copy]):
    """Opens a working copy where there is one; `last_change` is how far what is served must go."""

    kind = KIND
    title = "Copy"
    retry_after = timedelta(seconds=5)
    ready: dict[str, Copy] = field(default_factory=dict)
    candidates: set[str] | None = None  # None is all of them
    last_change: int = 10
    told: list[str] = field(default_factory=list)
    inspected: list[str] = field(default_factory=list)

    def open(self, release: LiveRelease, folder: Path) -> Copy:
        return Copy(int(load_arrays(folder / "number.npz")["number"][0]))

    def working_copy(self, key: str, sha256: str, now: object) -> Copy | None:
        found = self.ready.get(key)
        if found is not None and found.damage:
            raise EpicmlError(found.damage)
        return found

    def may_serve(self, found: Copy, held: Held[Copy] | None) -> bool:
        is_behind = held is not None and held.is_copy and found.cursor < held.opened.cursor
        return not is_behind and found.cursor <= self.last_change

    def is_candidate(self, release: LiveRelease) -> bool:
        return self.candidates is None or release.key in self.candidates

    def may_stand_in(self, found: Copy) -> bool:
        return found.cursor == self.last_change

    def waits_for_copy(self, held: Held[Copy]) -> bool:
        return held.is_copy or not held.stands_in or self.may_stand_in(held.opened)

    def is_stuck(self, opened: Copy) -> bool:
        return opened.is_stuck

    def refresh(self, opened: Copy) -> None:
        opened.refreshed += 1
        if opened.damage:
            raise EpicmlError(opened.damage)

    def inspect(self, held: Held[Copy], now: object) -> None:
        self.inspected.append(held.key)

    def on_damage(self, held: Held[Copy], error: EpicmlError, now: object, *, is_repeated: bool) -> None:
        self.told.append(f"{held.key}: {error.message}{' Again.' if is_repeated else ''}")

    def lacks_room(self, error: Exception) -> bool:
        return "room" in str(error)

    def reset(self) -> None:
        self.inspected.clear()


@pytest.mark.django_db
class TestWorkingCopies:
    """A kind that is an index."""

    @pytest.fixture
    def copies(self) -> Copies:
        return Copies()

    @pytest.fixture
    def live(self, copies: Copies) -> LiveArtifact[Copy]:
        return LiveArtifact(copies)

    def served(self, live: LiveArtifact[Copy], seconds: int) -> tuple[str, int, bool] | None:
        held = live.held(NOON + seconds * SECOND)
        return (held.key, held.opened.cursor, held.is_copy) if held else None

    def test_are_preferred_to_sealed_files_as_soon_as_they_are_ready(
        self, live: LiveArtifact[Copy], copies: Copies, numbers: NumberKind
    ) -> None:
        key = numbers.make(7.0).key
        assert self.served(live, 0) == (key, 7, False)
        copies.ready[key] = Copy(9)
        assert self.served(live, 1) == (key, 9, True)
        assert self.served(live, 2) == (key, 9, True)
        assert copies.inspected == [key]

    def test_see_what_was_committed_at_every_question(
        self, live: LiveArtifact[Copy], copies: Copies, numbers: NumberKind
    ) -> None:
        copies.ready[numbers.make(7.0).key] = copy = Copy(9)
        for _ in range(3):
            live.current(NOON)
        assert copy.refreshed == 3

    def test_of_a_new_release_wait_until_they_caught_up(
        self, live: LiveArtifact[Copy], copies: Copies, numbers: NumberKind
    ) -> None:
        first = numbers.make(7.0).key
        copies.ready[first] = Copy(9)
        self.served(live, 0)
        second = numbers.make(8.0).key
        assert self.served(live, 1) == (first, 9, True)
        copies.ready[second] = Copy(8)
        assert self.served(live, 2) == (first, 9, True)
        copies.ready[second] = Copy(10)
        assert self.served(live, 3) == (second, 10, True)

    def test_that_are_damaged_are_told_of_and_go_on_until_they_are_made_anew(
        self, live: LiveArtifact[Copy], copies: Copies, numbers: NumberKind
    ) -> None:
        key = numbers.make(7.0).key
        copies.ready[key] = copy = Copy(9)
        self.served(live, 0)
        copy.damage, copy.is_stuck = "It is cut.", True
        assert self.served(live, 0) == (key, 9, True)
        assert copies.told[0] == f"{key}: It is cut."
        copies.ready[key] = Copy(10)
        assert self.served(live, 5) == (key, 10, True)

    def test_that_cannot_be_opened_leave_the_sealed_files(
        self, live: LiveArtifact[Copy], copies: Copies, numbers: NumberKind
    ) -> None:
        key = numbers.make(7.0).key
        copies.ready[key] = Copy(9, damage="It is cut.")
        assert self.served(live, 0) == (key, 7, False)
        assert (live.state().failure, live.state().copy_failure) == ("", "It is cut.")
        copies.ready[key] = Copy(9)
        assert self.served(live, 5) == (key, 9, True)
        assert live.state().copy_failure == ""

    def test_that_find_no_room_say_so_as_long_as_there_is_none(
        self, live: LiveArtifact[Copy], copies: Copies, numbers: NumberKind, artifacts_dir: Path
    ) -> None:
        key = numbers.make(7.0).key
        copies.ready[key] = Copy(9, damage="There is no room.")
        assert self.served(live, 0) == (key, 7, False)
        assert live.state().lacks_room
        assert self.served(live, 60) == (key, 7, False)
        assert live.state().lacks_room
        damage(artifacts_dir, key)
        live.reset()
        assert self.served(live, 61) is None  # what is damaged is not mended by room
        assert (live.state().lacks_room, live.state().copy_failure) == (False, "There is no room.")

    def test_that_cannot_see_the_newest_commit_say_why_until_they_are_opened_anew(
        self, live: LiveArtifact[Copy], copies: Copies, numbers: NumberKind
    ) -> None:
        key = numbers.make(7.0).key
        copies.ready[key] = copy = Copy(9)
        self.served(live, 0)
        assert live.state().copy_failure == ""
        copy.damage, copy.is_stuck = "It is cut.", True
        self.served(live, 0)
        assert (live.state().failure, live.state().copy_failure) == ("", "It is cut.")
        copies.ready[key] = Copy(10)
        assert self.served(live, 0) == (key, 10, True)
        assert live.state().copy_failure == ""

    def test_that_fail_in_an_answer_are_told_of_and_again_if_they_do_it_soon_once_more(
        self, live: LiveArtifact[Copy], copies: Copies, numbers: NumberKind
    ) -> None:
        key = numbers.make(7.0).key
        copies.ready[key] = Copy(9)
        for second in (0, 1, 60):
            opened = live.current(NOON + second * SECOND)
            assert opened is not None
            live.forget(opened, EpicmlError("It broke."), now=NOON + second * SECOND)
        assert copies.told == [f"{key}: It broke.", f"{key}: It broke. Again.", f"{key}: It broke."]

    def test_that_stood_in_stand_in_no_more_when_they_are_rolled_back_to(
        self, live: LiveArtifact[Copy], copies: Copies, numbers: NumberKind, artifacts_dir: Path
    ) -> None:
        first, second = numbers.make(9.0).key, numbers.make(8.0, now=NOON + SECOND).key
        copies.ready[first] = Copy(10)
        damage(artifacts_dir, second)
        assert self.served(live, 0) == (first, 10, True)
        assert live.state().stands_in
        roll_back(KIND, decided_by="ada", why="damaged", now=NOON)
        assert self.served(live, 1) == (first, 10, True)
        assert not live.state().stands_in

    def test_of_former_releases_spare_reading_sealed_files_that_are_no_candidates(
        self, live: LiveArtifact[Copy], copies: Copies, numbers: NumberKind, artifacts_dir: Path
    ) -> None:
        first, second = numbers.make(10.0).key, numbers.make(9.0, now=NOON + SECOND).key
        damage(artifacts_dir, second)
        copies.candidates = set()
        assert self.served(live, 0) is None
        copies.ready[first] = Copy(10)
        assert self.served(live, 5) == (first, 10, True)

    def test_beside_the_live_one_are_opened_by_key_however_far_they_go(
        self, live: LiveArtifact[Copy], copies: Copies, numbers: NumberKind
    ) -> None:
        first, second = numbers.make(7.0).key, numbers.make(8.0, now=NOON + SECOND).key
        copies.ready = {first: Copy(8), second: Copy(10)}
        assert self.served(live, 0) == (second, 10, True)
        beside = live.held_by_key(first, NOON)
        assert beside is not None
        assert (beside.key, beside.opened.cursor, beside.is_copy) == (first, 8, True)
        copies.ready[first].refreshed = 0
        live.by_key(first, NOON)
        assert copies.ready[first].refreshed == 1

    def test_beside_the_live_one_that_are_stuck_go_on_until_they_are_opened_anew(
        self, live: LiveArtifact[Copy], copies: Copies, numbers: NumberKind
    ) -> None:
        first, second = numbers.make(7.0).key, numbers.make(8.0, now=NOON + SECOND).key
        copies.ready = {first: Copy(8), second: Copy(10)}
        stuck = live.by_key(first, NOON)
        assert stuck is copies.ready[first]
        stuck.damage, stuck.is_stuck = "It is cut.", True
        assert live.by_key(first, NOON) is stuck
        assert copies.told == [f"{first}: It is cut."]
        copies.ready[first] = Copy(9)
        assert live.by_key(first, NOON + 5 * SECOND) is copies.ready[first]
        assert self.served(live, 5) == (second, 10, True)

    def test_that_are_inspected_are_so_anew_after_a_reset(
        self, live: LiveArtifact[Copy], copies: Copies, numbers: NumberKind
    ) -> None:
        copies.ready[numbers.make(7.0).key] = Copy(9)
        self.served(live, 0)
        self.served(live, 1)
        assert copies.inspected
        live.reset()
        assert copies.inspected == []

    def test_ahead_of_the_database_are_not_served(
        self, live: LiveArtifact[Copy], copies: Copies, numbers: NumberKind
    ) -> None:
        copies.ready[numbers.make(11.0).key] = Copy(12)
        assert self.served(live, 0) is None

    def test_stand_in_only_where_they_show_nothing_old(
        self, live: LiveArtifact[Copy], copies: Copies, numbers: NumberKind, artifacts_dir: Path
    ) -> None:
        first, second = numbers.make(10.0).key, numbers.make(9.0, now=NOON + SECOND).key
        damage(artifacts_dir, second)
        assert self.served(live, 0) == (first, 10, False)
        assert live.state().stands_in
        copies.last_change = 11  # a book was saved: nobody brings sealed files up to it
        assert self.served(live, 1) is None
        copies.ready[first] = Copy(11)
        assert self.served(live, 10) == (first, 11, True)


class TestAnswerVersion:
    def test_is_the_same_for_the_same_arms_in_any_order(self) -> None:
        one = AnswerVersion.of(release="1", catalogue=7, arms={"a": "x", "b": "y"})
        assert one == AnswerVersion.of(release="1", catalogue=7, arms={"b": "y", "a": "x"})
        assert len({one, AnswerVersion.of(release="1", catalogue=7, arms={"b": "y", "a": "x"})}) == 1

    @pytest.mark.parametrize(
        "another",
        [
            AnswerVersion.of(release="2", catalogue=7, arms={"a": "x"}),
            AnswerVersion.of(release=None, catalogue=7, arms={"a": "x"}),
            AnswerVersion.of(release="1", catalogue=8, arms={"a": "x"}),
            AnswerVersion.of(release="1", catalogue=7, arms={"a": "y"}),
            AnswerVersion.of(release="1", catalogue=7),
        ],
        ids=["release", "no release", "catalogue", "arm", "no arms"],
    )
    def test_is_another_one_where_anything_differs(self, another: AnswerVersion) -> None:
        assert another != AnswerVersion.of(release="1", catalogue=7, arms={"a": "x"})
