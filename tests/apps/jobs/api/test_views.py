from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from apps.jobs.models import Attempt, Job
from apps.jobs.services.ledger import attempts, leases
from apps.jobs.services.ledger.attempts import Ending, Failure, Outcome
from apps.jobs.services.ledger.queue import enqueue, enqueue_many
from apps.jobs.services.ledger.registry import registrations
from apps.jobs.services.runner.execution import run_until_empty
from tests.client import ApiClient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("only_sample_jobs")]

JOBS = "/api/v1/jobs"


class TestJobList:
    def test_lists_the_newest_first(self, api: ApiClient, now: datetime) -> None:
        job_ids = [enqueue("sample.nothing", now=now) for _ in range(3)]
        answer = api.get(JOBS).json()

        assert [item["id"] for item in answer["items"]] == job_ids[::-1]
        assert (answer["page"], answer["page_size"], answer["total"]) == (1, 20, 3)

    def test_shows_one_page(self, api: ApiClient, now: datetime) -> None:
        enqueue_many("sample.nothing", [{}] * 5, now=now)
        answer = api.get(JOBS, page=2, page_size=2).json()

        assert [item["id"] for item in answer["items"]] == [job.pk for job in Job.objects.order_by("-pk")[2:4]]
        assert answer["total"] == 5

    def test_lists_one_state_and_one_name(self, api: ApiClient, now: datetime) -> None:
        enqueue("sample.nothing", now=now)
        wanted = enqueue("sample.effect", now=now)
        Job.objects.filter(pk=wanted).update(state="dead")

        assert [item["id"] for item in api.get(JOBS, state="dead").json()["items"]] == [wanted]
        assert [item["id"] for item in api.get(JOBS, name="sample.effect").json()["items"]] == [wanted]
        assert api.get(JOBS, state="dead", name="sample.nothing").json()["items"] == []

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ({"state": "asleep"}, "state"),
            ({"name": "n" * 101}, "name"),
            ({"page": 0}, "page"),
            ({"page_size": 101}, "page_size"),
            ({"key": "k"}, "key"),
        ],
    )
    def test_names_what_is_wrong(self, api: ApiClient, query: dict[str, object], field: str) -> None:
        answer = api.get(JOBS, **query)

        assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])

    def test_needs_the_scope(self, client_with: Callable[..., ApiClient]) -> None:
        assert client_with("jobs:write").get(JOBS).status_code == 403
        assert client_with("jobs:read").get(JOBS).status_code == 200


class TestJob:
    def test_shows_how_far_it_is_and_not_its_arguments(self, api: ApiClient, now: datetime) -> None:
        job_id = enqueue("sample.nothing", {"reader": "ada"}, key="k", now=now)
        Job.objects.update(progress_done=3, progress_total=10, progress_text="books", last_error="ValueError")

        assert api.get(f"{JOBS}/{job_id}").json() == {
            "id": job_id,
            "name": "sample.nothing",
            "key": "k",
            "state": "queued",
            "attempt": 0,
            "run_at": "2026-11-24T12:00:00Z",
            "progress_done": 3,
            "progress_total": 10,
            "progress_text": "books",
            "last_error": "ValueError",
            "created_at": "2026-11-24T12:00:00Z",
            "started_at": None,
            "finished_at": None,
            "attempts": [],
        }

    def test_shows_its_attempts_newest_first_and_bounded(self, api: ApiClient, now: datetime) -> None:
        job_id = enqueue("sample.nothing", now=now)
        job = leases.claim(owner="runner@library-2:4711:9f3a", registrations=registrations(), now=now)
        assert job is not None
        lost = Ending(Outcome.LOST, now + timedelta(seconds=90), 30.0, Failure("RunnerLost", "The runner stopped."))
        attempts.requeue(leases.lease_of(job), lost)

        assert api.get(f"{JOBS}/{job_id}").json()["attempts"] == [
            {
                "number": 1,
                "outcome": "lost",
                "host": "library-2",
                "owner": "runner@library-2:4711:9f3a",
                "started_at": "2026-11-24T12:00:00Z",
                "ended_at": "2026-11-24T12:01:30Z",
                "work_seconds": 30.0,
                "lost_seconds": 30.0,
                "fingerprint": "RunnerLost",
                "error": "The runner stopped.",
            }
        ]
        Attempt.objects.bulk_create(
            [
                Attempt(
                    job_id=job_id,
                    number=number,
                    started_at=now,
                    ended_at=now,
                    outcome="done",
                    work_seconds=0,
                    lost_seconds=0,
                )
                for number in range(2, 32)
            ]
        )
        leases.claim(owner="a", registrations=registrations(), now=now)
        shown = api.get(f"{JOBS}/{job_id}").json()["attempts"]
        assert [attempt["number"] for attempt in shown] == [2, *range(31, 12, -1)]
        assert (shown[0]["outcome"], shown[0]["ended_at"]) == ("running", None)

    def test_job_that_was_done_at_the_second_try_says_why_it_failed_first(self, api: ApiClient, now: datetime) -> None:
        job_id = enqueue("sample.nothing", now=now)
        Job.objects.update(last_error="ValueError", attempt=1)
        run_until_empty(clock=timezone.now)

        job = api.get(f"{JOBS}/{job_id}").json()
        assert (job["state"], job["last_error"]) == ("done", "ValueError")
        assert [attempt["outcome"] for attempt in job["attempts"]] == ["done"]

    @pytest.mark.parametrize("job_id", ["12", "99999999999999999999"])
    @pytest.mark.parametrize(("method", "more"), [("GET", ""), ("POST", "/retry"), ("POST", "/cancel")])
    def test_answers_404_for_what_is_not_there(self, api: ApiClient, method: str, more: str, job_id: str) -> None:
        answer = api.send(method, f"{JOBS}/{job_id}{more}")

        assert (answer.status_code, answer.json()["message"]) == (404, f"There is no job {job_id}.")

    def test_needs_the_scope(self, client_with: Callable[..., ApiClient], now: datetime) -> None:
        assert client_with("jobs:write").get(f"{JOBS}/{enqueue('sample.nothing', now=now)}").status_code == 403


class TestRetry:
    def test_dead_job_waits_again_from_now(self, api: ApiClient, now: datetime) -> None:
        job_id = enqueue("sample.nothing", now=now)
        Job.objects.update(state="dead", attempt=5, finished_at=now)
        before = timezone.now()
        answer = api.post(f"{JOBS}/{job_id}/retry")

        assert answer.status_code == 200
        item = answer.json()
        assert (item["state"], item["attempt"], item["finished_at"]) == ("queued", 0, None)
        assert before <= Job.objects.get().run_at <= timezone.now()

    def test_job_that_waits_is_a_conflict(self, api: ApiClient, now: datetime) -> None:
        answer = api.post(f"{JOBS}/{enqueue('sample.nothing', now=now)}/retry")

        assert (answer.status_code, answer.json()["code"]) == (409, "job_state")
        assert answer.json()["message"].endswith("only a dead or cancelled job can be retried.")

    def test_needs_the_scope_to_write(self, client_with: Callable[..., ApiClient], now: datetime) -> None:
        job_id = enqueue("sample.nothing", now=now)
        Job.objects.update(state="dead")

        assert client_with("jobs:read").post(f"{JOBS}/{job_id}/retry").status_code == 403
        assert Job.objects.get().state == "dead"


class TestCancel:
    def test_running_job_loses_its_lease(self, api: ApiClient, now: datetime) -> None:
        job_id = enqueue("sample.nothing", now=now - timedelta(minutes=1))
        job = leases.claim(owner="a", registrations=registrations(), now=now)
        assert job is not None
        answer = api.post(f"{JOBS}/{job_id}/cancel")

        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
        with pytest.raises(leases.LeaseLostError):
            attempts.finish(leases.lease_of(job), now=now)

    def test_job_that_is_done_is_a_conflict(self, api: ApiClient, now: datetime) -> None:
        job_id = enqueue("sample.nothing", now=now)
        Job.objects.update(state="done")

        answer = api.post(f"{JOBS}/{job_id}/cancel")
        assert (answer.status_code, answer.json()["code"]) == (409, "job_state")
        assert answer.json()["message"] == f"Job {job_id} is done; there is nothing to cancel."

    def test_needs_the_scope_to_write(self, client_with: Callable[..., ApiClient], now: datetime) -> None:
        job_id = enqueue("sample.nothing", now=now)

        assert client_with("jobs:read").post(f"{JOBS}/{job_id}/cancel").status_code == 403
        assert Job.objects.get().state == "queued"
