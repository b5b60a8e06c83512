import re
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.jobs.models import Attempt, Job, Purge
from apps.jobs.services.ledger.queue import enqueue, enqueue_many
from tests import bulk

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("only_sample_jobs")]

LIST = reverse("admin:jobs_job_changelist")


def made(name: str = "sample.nothing", **values: object) -> int:
    """A job that waits since an hour, with these columns."""
    hour_ago = timezone.now() - timedelta(hours=1, seconds=1)
    job_id = enqueue(name, now=hour_ago)
    Job.objects.filter(pk=job_id).update(**values)
    return job_id


def attempted(job_id: int, number: int, outcome: str, **values: object) -> None:
    """An attempt that ended a minute ago, with these columns."""
    at = timezone.now() - timedelta(minutes=1)
    columns = {"host": "library-2", "work_seconds": 1.0, "lost_seconds": 0.0, **values}
    Attempt.objects.create(
        job_id=job_id, name="sample.nothing", number=number, outcome=outcome, started_at=at, ended_at=at, **columns
    )


def staff(client: Client, *permissions: str) -> Client:
    user = User.objects.create_user("tom", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return client


def act(client: Client, action: str, *job_ids: int) -> str:
    """The page that staff see after this action on these jobs."""
    page = bulk.ask(client, LIST, action, job_ids)
    if bulk.QUESTION.search(page.text):
        page = bulk.confirm(client, page)
    elif page.status_code == 302:
        page = client.get(page["Location"])
    text: str = page.text
    return text


def listed(page: str) -> list[int]:
    """The numbers of the jobs on the page, in its order."""
    return [int(number) for number in re.findall(r'name="_selected_action" value="(\d+)"', page)]


def words(page: str) -> str:
    """What a person reads: no tags, single blanks."""
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


class TestJobList:
    def test_says_state_age_attempts_progress_and_error(self, admin_client: Client) -> None:
        made("sample.deaf", progress_done=1200, progress_total=5000, progress_text="books read")
        made("sample.effect", state="dead", attempt=5, last_error="ValueError at tasks.py:7 in effect")
        page = words(admin_client.get(LIST).text)

        assert "sample.deaf Waiting 1 hour 0 1,200 of 5,000 · books read" in page
        assert re.search(r"sample\.effect Dead 1 hour 5 – - ValueError at tasks\.py:7 in effect", page)

    def test_lists_the_newest_first(self, admin_client: Client) -> None:
        job_ids = [made() for _ in range(3)]

        assert listed(admin_client.get(LIST).text) == job_ids[::-1]

    def test_shows_a_page_of_fifty(self, admin_client: Client, now: datetime) -> None:
        enqueue_many("sample.nothing", [{}] * 51, now=now)

        assert len(listed(admin_client.get(LIST).text)) == 50
        assert len(listed(admin_client.get(LIST, {"p": 2}).text)) == 1

    def test_shows_one_state_or_one_name_or_what_was_searched_for(self, admin_client: Client) -> None:
        waiting, dead = made(), made("sample.effect", state="dead", key="book-7")

        assert listed(admin_client.get(LIST, {"state__exact": "dead"}).text) == [dead]
        assert listed(admin_client.get(LIST, {"name": "sample.nothing"}).text) == [waiting]
        assert listed(admin_client.get(LIST, {"q": "book-7"}).text) == [dead]
        assert listed(admin_client.get(LIST, {"state__exact": "leased"}).text) == []

    def test_who_may_not_see_jobs_is_refused(self, client: Client) -> None:
        assert staff(client).get(LIST).status_code == 403

    def test_visitor_has_to_log_in(self, client: Client) -> None:
        assert client.get(LIST).status_code == 302


class TestJobPage:
    def test_shows_each_attempt_with_what_it_cost_and_why_it_ended(self, admin_client: Client) -> None:
        job_id = made(state="dead", attempt=2)
        attempted(job_id, 1, "lost", error="The runner stopped.", work_seconds=72, lost_seconds=12)
        attempted(job_id, 2, "dead", error="ValueError at tasks.py:7 in fit", host="")
        page = words(admin_client.get(reverse("admin:jobs_job_change", args=[job_id])).text)

        begun = r"\d+ \w+ \d+, [\d:]+ UTC"
        assert re.search(
            rf"2 Failed for the last time not known {begun} {begun} 1 s – ValueError at tasks\.py:7 in fit "
            rf"1 Lost with its runner library-2 {begun} {begun} 1 min 12 s 12 s The runner stopped\.",
            page,
        ), page

    def test_of_a_job_that_was_not_run_says_so(self, admin_client: Client) -> None:
        page = admin_client.get(reverse("admin:jobs_job_change", args=[made()])).text

        assert "No attempt was written down: it was not run yet" in page


class TestFaults:
    FAULT = "ValueError in apps/search/tasks.py apply"

    def test_jobs_that_failed_alike_are_listed_by_their_fault(self, admin_client: Client) -> None:
        failed, done = made(state="done"), made(state="done")
        attempted(failed, 1, "failed", fingerprint=self.FAULT)
        attempted(failed, 2, "done")
        attempted(done, 1, "done")
        page = admin_client.get(LIST)

        assert f"{self.FAULT} (1)" in page.text
        assert listed(admin_client.get(LIST, {"fault": self.FAULT}).text) == [failed]
        assert listed(admin_client.get(LIST, {"fault": "TypeError in nowhere.py f"}).text) == []

    def test_attempts_are_listed_by_fault_outcome_and_job_and_changed_by_nobody(self, admin_client: Client) -> None:
        attempted(7, 1, "failed", fingerprint=self.FAULT, error="ValueError at tasks.py:7 in apply")
        attempted(8, 1, "lost", fingerprint="RunnerLost")
        address = reverse("admin:jobs_attempt_changelist")

        def found(**query: str) -> set[str]:
            return set(re.findall(r"q=(\d+)\">#", admin_client.get(address, query).text))

        assert found() == {"7", "8"}
        assert found(fault=self.FAULT) == {"7"}
        assert found(outcome__exact="lost") == {"8"}
        assert found(q="8") == {"8"}
        attempt = Attempt.objects.earliest("pk").pk
        assert admin_client.get(reverse("admin:jobs_attempt_add")).status_code == 403
        assert admin_client.post(reverse("admin:jobs_attempt_change", args=[attempt]), {"error": ""}).status_code == 403
        assert admin_client.get(reverse("admin:jobs_attempt_change", args=[attempt])).status_code == 200

    def test_link_of_an_attempt_leads_to_its_job_among_all(self, admin_client: Client) -> None:
        job_id = [made() for _ in range(3)][1]

        assert job_id in listed(admin_client.get(LIST, {"q": job_id}).text)
        assert admin_client.get(LIST, {"q": 99_999}).status_code == 200


class TestRetry:
    def test_dead_and_cancelled_jobs_wait_again(self, admin_client: Client) -> None:
        job_ids = [made(state="dead", attempt=5), made(state="cancelled")]
        page = act(admin_client, "retry", *job_ids)

        assert "Retry: 2 jobs." in page
        assert [(job.state, job.attempt) for job in Job.objects.all()] == [("queued", 0)] * 2

    def test_counts_only_those_that_can_be_retried(self, admin_client: Client) -> None:
        done, dead = made(state="done"), made(state="dead")
        assert bulk.question(bulk.ask(admin_client, LIST, "retry", [done, dead])) == "Retry 1 job?"
        page = act(admin_client, "retry", done, dead)

        assert "Retry: 1 job." in page
        assert [Job.objects.get(pk=job_id).state for job_id in (done, dead)] == ["done", "queued"]

    def test_job_whose_work_waits_already_says_so(self, admin_client: Client) -> None:
        made(key="book-7")
        dead = made(state="dead", key="book-7")
        assert f"The work of job {dead} waits already" in act(admin_client, "retry", dead)


class TestCancel:
    def test_waiting_jobs_are_not_run(self, admin_client: Client) -> None:
        job_ids = [made(), made()]
        page = act(admin_client, "cancel", *job_ids)

        assert "Cancel: 2 jobs." in page
        assert {job.state for job in Job.objects.all()} == {"cancelled"}

    def test_job_that_is_done_says_so(self, admin_client: Client) -> None:
        job_id = made(state="done")
        page = act(admin_client, "cancel", job_id)

        assert "Nothing was changed: among those chosen is no job to cancel." in page


class TestPermissions:
    @pytest.mark.parametrize("action", ["retry", "cancel"])
    def test_who_may_only_look_changes_nothing(self, client: Client, action: str) -> None:
        viewer = staff(client, "view_job")
        before = "dead" if action == "retry" else "queued"
        job_id = made(state=before)
        page = viewer.get(LIST).text
        act(viewer, action, job_id)

        assert f'value="{action}"' not in page
        assert Job.objects.get().state == before

    def test_who_may_change_jobs_retries_and_cancels(self, client: Client) -> None:
        changer = staff(client, "view_job", "change_job")
        job_id = made()
        act(changer, "cancel", job_id)
        assert Job.objects.get().state == "cancelled"
        act(changer, "retry", job_id)

        assert Job.objects.get().state == "queued"

    def test_rows_are_written_by_the_product_only(self, admin_client: Client) -> None:
        job_id = made()
        page = reverse("admin:jobs_job_change", args=[job_id])

        assert admin_client.get(page).status_code == 200
        assert admin_client.post(page, {"state": "done"}).status_code == 403
        assert admin_client.get(reverse("admin:jobs_job_add")).status_code == 403
        assert admin_client.post(reverse("admin:jobs_job_delete", args=[job_id]), {"post": "yes"}).status_code == 403
        act(admin_client, "delete_selected", job_id)
        assert Job.objects.get().state == "queued"


class TestPurges:
    def test_what_waits_for_a_person_is_listed_and_changed_by_nobody_here(self, admin_client: Client) -> None:
        moment = timezone.now()
        held = Purge.objects.create(
            name="events", state="held", before=moment, rows=2081, total=6000, reason="That is 35% of all.", at=moment
        )
        page = admin_client.get(reverse("admin:jobs_purge_changelist")).text

        assert "Waits for a person" in page
        assert "That is 35% of all." in page
        assert admin_client.get(reverse("admin:jobs_purge_add")).status_code == 403
        assert admin_client.post(reverse("admin:jobs_purge_delete", args=[held.pk]), {"post": "yes"}).status_code == 403
        assert admin_client.post(reverse("admin:jobs_purge_change", args=[held.pk]), {"rows": 1}).status_code == 403
