from apps.jobs.services.ledger.queue import enqueue
from apps.jobs.services.ledger.registry import check_registered, registration_of, schedules
from apps.jobs.services.runner.execution import run_until_empty
from apps.releases.selectors.listing import releases
from tests.apps.recommendations.library import NOON


class TestRetrain:
    def test_is_registered_for_every_night(self, db: None) -> None:
        check_registered()
        nightly = {schedule.job: schedule.daily_at for schedule in schedules()}
        assert nightly["recommendations.retrain"] is not None
        assert registration_of("recommendations.retrain").long

    def test_is_done_at_once_in_a_library_that_nobody_read_in(self, db: None) -> None:
        enqueue("recommendations.retrain", now=NOON)
        assert run_until_empty(clock=lambda: NOON) == 1

    def test_makes_a_live_model_when_a_runner_comes_to_it(self, full_library: None) -> None:
        job = enqueue("recommendations.retrain", {"why": "new books came"}, now=NOON)
        run_until_empty(clock=lambda: NOON)
        row = releases(kind="recommender")[0]
        assert (row.state, row.created_by, row.why, row.job_id) == ("live", f"job {job}", "new books came", job)
