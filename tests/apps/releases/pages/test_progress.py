from dataclasses import replace

import pytest

from apps.jobs.models import Job
from apps.releases.pages.progress import progress_of
from apps.releases.selectors.listing import ReleaseRow, release_row
from tests.apps.releases.numbers import KIND, NOON, NumberKind

pytestmark = pytest.mark.django_db


@pytest.fixture
def building(numbers: NumberKind) -> ReleaseRow:
    return replace(release_row(KIND, numbers.make(1.0).key), state="building")


class TestProgressOf:
    def test_is_nothing_for_a_finished_release(self, numbers: NumberKind) -> None:
        assert progress_of(release_row(KIND, numbers.make(1.0).key)) is None

    def test_of_a_build_without_a_job_says_when_it_began(self, building: ReleaseRow) -> None:
        progress = progress_of(building)
        assert progress is not None
        assert progress.text.startswith("Begun 12:00 UTC.")
        assert progress.share is None

    def test_takes_step_count_and_share_from_the_job(self, building: ReleaseRow) -> None:
        job = Job.objects.create(
            name="x", run_at=NOON, created_at=NOON, progress_done=1310, progress_total=2620, progress_text="measuring"
        )
        progress = progress_of(replace(building, job_id=job.pk))
        assert progress is not None
        assert progress.text.startswith("measuring, 1,310 of 2,620. Begun")
        assert progress.share == 0.5
        assert str(job.pk) in progress.job_url
