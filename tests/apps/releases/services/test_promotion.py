from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.platform.services.errors import ConflictError, NotFoundError
from apps.releases.artifacts import ArtifactCorruptError
from apps.releases.models import Decision, Release
from apps.releases.selectors.live import live_key, live_release
from apps.releases.services.promotion import GateNotPassedError, NotPromotableError, promote_release, roll_back
from tests.apps.releases.numbers import KIND, NOON, NumberKind, damage, served_number

pytestmark = pytest.mark.django_db


def promote(key: str) -> None:
    promote_release(KIND, key, decided_by="ada", why="better", now=NOON)


def back(to: str | None = None) -> str:
    return roll_back(KIND, decided_by="tom", why="worse than it looked", now=NOON + timedelta(hours=1), to=to).key


def live() -> str | None:
    found = live_key(KIND)
    return found[0] if found else None


class TestPromoteRelease:
    def test_changes_what_is_served(self, numbers: NumberKind) -> None:
        numbers.make(1.0)
        waiting = numbers.make(2.0, promote=False)
        assert served_number() == 1.0
        promote(waiting.key)
        assert served_number() == 2.0

    def test_refuses_a_release_that_did_not_pass_its_gate(self, numbers: NumberKind) -> None:
        refused = numbers.make(-1.0)
        with pytest.raises(GateNotPassedError, match=r"numbers 2026-11-24\.1 cannot be live"):
            promote(refused.key)

    def test_refuses_a_corrupt_artifact_and_keeps_the_live_one(self, numbers: NumberKind, artifacts_dir: Path) -> None:
        numbers.make(1.0)
        waiting = numbers.make(2.0, promote=False)
        damage(artifacts_dir, waiting.key)
        with pytest.raises(ArtifactCorruptError, match="is not what was sealed"):
            promote(waiting.key)
        assert served_number() == 1.0

    def test_refuses_what_was_compared_with_another_champion(self, numbers: NumberKind) -> None:
        numbers.make(1.0)
        early = numbers.make(2.0, promote=False)
        numbers.make(3.0)
        with pytest.raises(NotPromotableError, match=r"was compared with numbers 2026-11-24\.1, but 2026-11-24\.3 is"):
            promote(early.key)

    def test_refuses_what_is_live_already(self, numbers: NumberKind) -> None:
        with pytest.raises(NotPromotableError, match="is live already"):
            promote(numbers.make().key)

    def test_refuses_what_does_not_exist(self, numbers: NumberKind) -> None:
        with pytest.raises(NotFoundError, match=r"no numbers release '2026-01-01\.1'"):
            promote("2026-01-01.1")

    def test_records_who_why_when_and_what_was_replaced(self, numbers: NumberKind) -> None:
        first = numbers.make()
        promote(numbers.make(promote=False).key)
        decision = Decision.objects.latest("id")
        assert (decision.action, decision.decided_by, decision.why, decision.at) == ("promote", "ada", "better", NOON)
        assert decision.replaced is not None
        assert decision.replaced.key == first.key

    def test_tells_the_kind_inside_the_transaction(self, numbers: NumberKind) -> None:
        def refuse(release: object, now: object) -> None:
            raise ZeroDivisionError

        first = numbers.make()
        waiting = numbers.make(promote=False)
        numbers.on_promoted = refuse  # type: ignore[method-assign]
        from apps.releases.services.kinds import register_kind

        register_kind(numbers.as_kind())
        with pytest.raises(ZeroDivisionError):
            promote(waiting.key)
        assert live() == first.key


@pytest.mark.django_db(transaction=True)
class TestTwoDecisionsAtOnce:
    def test_only_one_of_two_promotions_is_accepted(self, numbers: NumberKind) -> None:
        numbers.make(1.0)
        keys = [numbers.make(number, promote=False).key for number in (2.0, 3.0)]
        barrier = Barrier(2)

        def decide(key: str) -> str:
            barrier.wait(timeout=10)
            try:
                promote(key)
            except ConflictError:
                return "refused"
            finally:
                connection.close()
            return "accepted"

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(decide, keys)) == ["accepted", "refused"]
        assert live() in keys
        assert Decision.objects.latest("id").replaced is not None

    def test_going_back_and_promoting_leave_one_live_with_a_true_history(self, numbers: NumberKind) -> None:
        numbers.make(1.0)
        numbers.make(2.0)
        waiting = numbers.make(3.0, promote=False)
        barrier = Barrier(2)

        def decide(do: Callable[[], object]) -> None:
            barrier.wait(timeout=10)
            with suppress(ConflictError):
                do()
            connection.close()

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(decide, [back, lambda: promote(waiting.key)]))
        lived = list(Decision.objects.order_by("id").values_list("release__key", "replaced__key"))
        assert [replaced for _, replaced in lived] == [None, *(key for key, _ in lived[:-1])]
        assert lived[-1][0] == live()


class TestOneLiveReleaseOfAKind:
    def test_is_held_by_the_database(self, numbers: NumberKind) -> None:
        numbers.make()
        waiting = numbers.make(promote=False)
        with pytest.raises(IntegrityError), transaction.atomic():
            Release.objects.filter(key=waiting.key).update(state="live")

    def test_lets_nothing_be_live_that_did_not_pass(self, numbers: NumberKind) -> None:
        refused = numbers.make(-1.0)
        with pytest.raises(IntegrityError), transaction.atomic():
            Release.objects.filter(key=refused.key).update(state="live")


class TestRollBack:
    def test_changes_what_is_served(self, numbers: NumberKind) -> None:
        numbers.make(1.0)
        numbers.make(2.0)
        assert served_number() == 2.0
        back()
        assert served_number() == 1.0

    def test_goes_back_twice_and_never_forth(self, numbers: NumberKind) -> None:
        keys = [numbers.make(number).key for number in (1.0, 2.0, 3.0)]
        assert [back(), back()] == [keys[1], keys[0]]
        with pytest.raises(NotPromotableError, match="Nothing was live before"):
            back()

    def test_goes_back_to_the_release_that_is_named(self, numbers: NumberKind) -> None:
        keys = [numbers.make(number).key for number in (1.0, 2.0, 3.0)]
        assert back(to=keys[0]) == keys[0]
        assert served_number() == 1.0

    def test_can_be_undone_by_promoting_again(self, numbers: NumberKind) -> None:
        numbers.make(1.0)
        second = numbers.make(2.0)
        back()
        promote(second.key)
        assert served_number() == 2.0

    def test_refuses_a_corrupt_artifact_and_keeps_the_live_one(self, numbers: NumberKind, artifacts_dir: Path) -> None:
        first = numbers.make(1.0)
        second = numbers.make(2.0)
        damage(artifacts_dir, first.key)
        with pytest.raises(ArtifactCorruptError, match=rf"number\.npz of numbers {first.key} is not what was sealed"):
            back()
        assert live() == second.key
        assert served_number() == 2.0

    def test_refuses_what_was_never_live(self, numbers: NumberKind) -> None:
        numbers.make(1.0)
        waiting = numbers.make(2.0, promote=False)
        with pytest.raises(NotPromotableError, match="was never live"):
            back(to=waiting.key)

    def test_refuses_when_nothing_is_live(self, numbers: NumberKind) -> None:
        with pytest.raises(NotPromotableError, match="No numbers is live"):
            back()


class TestRetention:
    def test_keeps_the_live_one_and_the_last_three_that_were_live(
        self, numbers: NumberKind, artifacts_dir: Path
    ) -> None:
        keys = [numbers.make(float(number), now=NOON + timedelta(minutes=number)).key for number in range(6)]
        assert sorted(path.name for path in (artifacts_dir / KIND).iterdir()) == keys[2:]
        assert numbers.removed == keys[:2]

    def test_runs_when_a_waiting_release_is_promoted(
        self,
        numbers: NumberKind,
        artifacts_dir: Path,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        keys = [numbers.make(float(number), now=NOON + timedelta(minutes=number)).key for number in range(4)]
        waiting = numbers.make(5.0, promote=False)
        with django_capture_on_commit_callbacks(execute=True):
            promote_release(KIND, waiting.key, decided_by="ada", why="", now=NOON + timedelta(hours=1))
        assert sorted(path.name for path in (artifacts_dir / KIND).iterdir()) == [*keys[1:], waiting.key]

    def test_lets_no_removed_release_be_live_again(self, numbers: NumberKind) -> None:
        keys = [numbers.make(float(number), now=NOON + timedelta(minutes=number)).key for number in range(6)]
        with pytest.raises(NotPromotableError, match=r"files of numbers .* were removed"):
            back(to=keys[0])


class TestLiveRelease:
    def test_is_found_by_one_query(self, numbers: NumberKind, django_assert_num_queries: object) -> None:
        key = numbers.make().key
        with django_assert_num_queries(1):  # type: ignore[operator]
            found = live_release(KIND)
        assert found is not None
        assert found.key == key
