from dataclasses import replace
from datetime import timedelta

import pytest

from apps.jobs.models import Job
from apps.jobs.services.ledger.queue import enqueue
from apps.releases.models import Release
from apps.releases.pages.build_progress import progress_of
from apps.releases.selectors.detail import ReleaseDetail, release_detail
from tests.apps.releases.numbers import KIND, MAKE_JOB, NOON, NumberKind, attempt

pytestmark = pytest.mark.django_db


@pytest.fixture
def building(numbers: NumberKind) -> ReleaseDetail:
    detail = release_detail(KIND, numbers.make(1.0).key)
    return replace(detail, row=replace(detail.row, state="building", job_id=None), build_steps=[])


def job(**fields: object) -> int:
    moments = {"run_at": NOON, "created_at": NOON}
    return Job.objects.create(
        **{"name": "x", "state": "leased", "lease_owner": "runner@here:7", **moments, **fields}
    ).pk


def text_of(building: ReleaseDetail, number: int) -> str:
    progress = progress_of(replace(building, row=replace(building.row, job_id=number)), now=NOON)
    assert progress is not None
    return progress.text


class TestProgressOf:
    def test_is_nothing_for_a_finished_release(self, numbers: NumberKind) -> None:
        assert progress_of(release_detail(KIND, numbers.make(1.0).key), now=NOON) is None

    def test_of_a_build_without_a_job_says_when_it_began(self, building: ReleaseDetail) -> None:
        progress = progress_of(building, now=NOON)
        assert progress is not None
        assert progress.text.startswith("Begun 12:00 UTC.")
        assert progress.share is None

    def test_takes_step_count_and_share_from_the_job(self, building: ReleaseDetail) -> None:
        number = job(state="queued", progress_done=1310, progress_total=2620, progress_text="measuring")
        progress = progress_of(replace(building, row=replace(building.row, job_id=number)), now=NOON)
        assert progress is not None
        assert progress.text.startswith("measuring, 1,310 of 2,620. Begun")
        assert progress.share == 0.5
        assert str(number) in progress.job_url

    def test_says_which_steps_are_done_and_which_were_taken_over(self, numbers: NumberKind) -> None:
        number = enqueue(MAKE_JOB, now=NOON)

        def stop(step: str) -> None:
            if step == "evaluate":
                raise ZeroDivisionError

        numbers.before = stop
        for hour in (0, 1):
            attempt(number, now=NOON + timedelta(hours=hour))
        progress = progress_of(release_detail(KIND, Release.objects.get().key), now=NOON)
        assert progress is not None
        assert "At its step “evaluate”, after snapshot, audit, fit, seal." in progress.text
        assert "Taken over from an attempt that was stopped: snapshot, audit, fit, seal." in progress.text
        assert "Its builder was stopped: a runner goes on after the last finished step at " in progress.text

    def test_says_that_the_builder_died(self, building: ReleaseDetail) -> None:
        said = text_of(building, job(lease_expires_at=NOON - timedelta(seconds=1), progress_at=NOON))
        assert said.endswith("Its builder died: a runner goes on after the last finished step.")

    @pytest.mark.parametrize(("minutes", "tells"), [(14, False), (17, True)])
    def test_says_that_a_living_builder_gets_no_further(
        self, building: ReleaseDetail, minutes: int, tells: bool
    ) -> None:
        moved = NOON - timedelta(minutes=minutes)
        said = text_of(building, job(lease_expires_at=NOON + timedelta(minutes=1), progress_at=moved))
        assert ("No progress for 17 minutes; runner@here:7 holds it." in said) == tells
