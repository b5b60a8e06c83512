from apps.jobs.services.queue import enqueue
from apps.jobs.services.registry import check_registered, registration_of, schedules
from tests.apps.recommendations.library import NOON


class TestRetrain:
    def test_is_registered_for_every_night(self, db: None) -> None:
        check_registered()
        nightly = {schedule.job: schedule.daily_at for schedule in schedules()}
        assert nightly["recommendations.retrain"] is not None
        assert registration_of("recommendations.retrain").long
        assert enqueue("recommendations.retrain", now=NOON) is not None
