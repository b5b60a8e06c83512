from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.jobs.models import Job, Runner
from apps.jobs.pages.overview import work_panel
from apps.jobs.services.ledger.queue import enqueue

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("only_sample_jobs")]


def queue(*, seconds_ago: float) -> None:
    enqueue("sample.nothing", run_at=timezone.now() - timedelta(seconds=seconds_ago), now=timezone.now())


def at_work() -> None:
    seen = timezone.now()
    Runner.objects.create(owner="a", kind="runner", lanes="quick,long", started_at=seen, seen_at=seen)


def rows() -> list[tuple[str, ...]]:
    return [tuple(cell.text for cell in row) for row in work_panel(timezone.now()).rows]


class TestWorkPanel:
    def test_of_an_empty_ledger_has_nothing_to_do(self) -> None:
        assert rows() == [
            ("Waiting", "0", "nothing is due"),
            ("Running", "0", "0 runners alive"),
            ("Dead", "0", "none"),
        ]
        assert work_panel(timezone.now()).notice is None

    def test_counts_what_waits_and_how_long_the_oldest_has(self) -> None:
        at_work()
        queue(seconds_ago=180)
        queue(seconds_ago=-3600)
        assert rows()[0] == ("Waiting", "2", "the oldest could have run 3 min ago")
        assert rows()[1] == ("Running", "0", "1 runner alive")

    def test_of_jobs_for_later_has_none_that_is_due(self) -> None:
        queue(seconds_ago=-3600)
        assert rows()[0] == ("Waiting", "1", "none is due yet")

    def test_marks_the_dead(self) -> None:
        queue(seconds_ago=1)
        Job.objects.update(state="dead")
        dead = work_panel(timezone.now()).rows[2]
        assert [(cell.text, cell.state) for cell in dead[1:]] == [("1", ""), ("needs a look", "watch")]

    def test_stands_still_where_nobody_is_there(self, admin_client: Client) -> None:
        queue(seconds_ago=1)
        assert "Nobody does the background work." in admin_client.get(reverse("admin:index")).content.decode()
        at_work()
        assert "Nobody does the background work." not in admin_client.get(reverse("admin:index")).content.decode()
