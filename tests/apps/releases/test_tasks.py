import pytest

from apps.jobs.services.ledger.queue import enqueue
from apps.jobs.services.ledger.registry import check_registered, registration_of, schedules
from tests.apps.releases.numbers import NOON

pytestmark = pytest.mark.django_db


class TestReconcile:
    def test_is_registered_with_its_schedule(self) -> None:
        check_registered()
        assert registration_of("releases.reconcile").task == "apps.releases.tasks.reconcile"
        assert "releases.reconcile" in {schedule.name for schedule in schedules()}

    def test_can_be_queued(self) -> None:
        assert enqueue("releases.reconcile", now=NOON) is not None


class TestVerifyLive:
    def test_is_registered_with_its_schedule(self) -> None:
        check_registered()
        assert registration_of("releases.verify_live").long
        assert "releases.verify_live" in {schedule.name for schedule in schedules()}
