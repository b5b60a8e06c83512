from datetime import datetime, timedelta

import pytest

from apps.jobs.models import Job
from apps.jobs.selectors.jobs import JobNotFoundError, any_due, counts_by_name, job_row, job_rows, oldest_due_at
from apps.jobs.services.ledger.queue import enqueue, enqueue_many

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("only_sample_jobs")]

SECOND = timedelta(seconds=1)


def states(*names_and_states: tuple[str, str], now: datetime) -> list[int]:
    """A job of each name in each state; their numbers."""
    made = []
    for name, state in names_and_states:
        made.append(enqueue(name, now=now))
        Job.objects.filter(pk=made[-1]).update(state=state, lease_expires_at=now if state == "leased" else None)
    return made


class TestJobRow:
    def test_shows_how_far_the_job_is_and_not_its_arguments(self, now: datetime) -> None:
        job_id = enqueue("sample.nothing", {"reader": "ada"}, key="k", now=now)
        Job.objects.update(progress_done=3, progress_total=10, progress_text="books", last_error="ValueError")

        row = job_row(job_id)
        assert (row.id, row.name, row.key, row.state, row.attempt) == (job_id, "sample.nothing", "k", "queued", 0)
        assert (row.progress_done, row.progress_total, row.progress_text) == (3, 10, "books")
        assert (row.last_error, row.created_at, row.started_at, row.finished_at) == ("ValueError", now, None, None)
        assert "ada" not in repr(row)

    @pytest.mark.parametrize("job_id", [12, 2**63, 10**30])
    def test_number_without_a_job_is_named(self, job_id: int) -> None:
        with pytest.raises(JobNotFoundError, match=rf"There is no job {job_id}\."):
            job_row(job_id)


class TestJobRows:
    def test_newest_first_and_how_many_in_all(self, now: datetime) -> None:
        enqueue_many("sample.nothing", [{}] * 5, now=now)
        newest = [job.pk for job in Job.objects.order_by("-pk")]
        rows, total = job_rows(state=None, name=None, start=1, stop=3)

        assert [row.id for row in rows] == newest[1:3]
        assert total == 5

    def test_of_one_state_and_one_name(self, now: datetime) -> None:
        _, wanted, _ = states(
            ("sample.nothing", "dead"), ("sample.effect", "dead"), ("sample.effect", "queued"), now=now
        )
        rows, total = job_rows(state="dead", name="sample.effect", start=0, stop=10)

        assert ([row.id for row in rows], total) == ([wanted], 1)

    def test_past_the_last_page_there_is_nothing(self, now: datetime) -> None:
        enqueue("sample.nothing", now=now)

        assert job_rows(state=None, name=None, start=20, stop=40) == ([], 1)


class TestCountsByName:
    def test_counts_what_is_open_and_what_is_dead(self, now: datetime) -> None:
        states(
            ("sample.nothing", "queued"),
            ("sample.nothing", "queued"),
            ("sample.nothing", "done"),
            ("sample.nothing", "cancelled"),
            ("sample.effect", "leased"),
            ("sample.effect", "dead"),
            now=now,
        )

        assert counts_by_name() == {
            ("sample.nothing", "queued"): 2,
            ("sample.effect", "leased"): 1,
            ("sample.effect", "dead"): 1,
        }


class TestAnyDue:
    def test_asks_for_name_time_and_state(self, now: datetime) -> None:
        enqueue("sample.nothing", run_at=now + SECOND, now=now)

        assert not any_due(now, names=["sample.nothing"])
        assert any_due(now + SECOND, names=["sample.nothing"])
        assert not any_due(now + SECOND, names=["sample.effect"])
        assert not any_due(now + SECOND, names=[])
        Job.objects.update(state="done")
        assert not any_due(now + SECOND, names=["sample.nothing"])


class TestOldestDueAt:
    def test_is_when_the_longest_waiting_job_could_have_run(self, now: datetime) -> None:
        assert oldest_due_at(now) is None
        for seconds in (-5, -9, 3):
            enqueue("sample.nothing", run_at=now + seconds * SECOND, now=now)
        states(("sample.nothing", "leased"), now=now - 60 * SECOND)

        assert oldest_due_at(now) == now - 9 * SECOND
