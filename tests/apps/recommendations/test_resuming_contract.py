"""A training that is killed with SIGKILL after each of its steps ends as the release that it would have been."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone

from apps.catalog.services.books import save_books
from apps.jobs.services.ledger.queue import enqueue
from apps.jobs.services.ledger.reconciliation import requeue_lost
from apps.jobs.services.runner.execution import run_until_empty
from apps.readers.services import ReaderInput, save_readers
from apps.releases.models import Release
from apps.releases.selectors.detail import release_detail
from apps.releases.selectors.listing import releases
from epicml.audience.bands import AgeBand
from tests.apps.jobs.processes import child_environment, wait_until
from tests.apps.recommendations import library
from tests.apps.recommendations.library import NOON, train

# A runner that hangs before one step, with all the steps before it done.
RUNNER = """
import sys, time
import django
django.setup()
from dataclasses import replace
from pathlib import Path
from django.conf import settings
from django.utils import timezone
from apps.jobs.services.runner.execution import run_until_empty
from apps.releases.services.kinds import register_kind, release_kind
from tests.apps.recommendations import library


class Hangs(tuple):
    def __iter__(self):
        time.sleep(60)


settings.ARTIFACTS_DIR = Path(sys.argv[1])
library.register_lenient_kind()
kind, step = release_kind("recommender"), sys.argv[2]
hanging = {"rules": Hangs(kind.rules)} if step == "gate" else {step: lambda *handed_over: time.sleep(60)}
register_kind(replace(kind, **hanging))
run_until_empty(clock=timezone.now)
"""
DONE_BEFORE = {
    "audit": ["snapshot"],
    "fit": ["snapshot", "audit"],
    "evaluate": ["snapshot", "audit", "fit", "seal"],
    "gate": ["snapshot", "audit", "fit", "seal", "evaluate"],
}


def kill_before(step: str, artifacts_dir: Path) -> None:
    """A runner takes the job up to this step and is killed there; its lease has run out."""
    environment = child_environment(DJANGO_SETTINGS_MODULE="config.settings", EPICML_DEMO="0")
    command = [sys.executable, "-c", RUNNER, str(artifacts_dir), step]
    process = subprocess.Popen(
        command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )

    def reached() -> bool:
        found = Release.objects.order_by("id").first()
        return found is not None and [done["name"] for done in found.build_steps] == DONE_BEFORE[step]

    try:
        wait_until(reached, process)
    finally:
        process.kill()
        process.communicate()
    assert requeue_lost(now=timezone.now() + timedelta(minutes=3)) == 1


def change_everything() -> None:
    """Bands of books and readers are others, and acts come to us that are said to be old."""
    save_books([replace(book, age_band=AgeBand.ADULT, genres=("robot",)) for book in library.books()[:10]], now=NOON)
    keys = [library.reader_key("dragon", number) for number in range(20)]
    save_readers([ReaderInput(key=key, age_band=AgeBand.AGES_0_TO_5) for key in keys], now=NOON)
    library.read("robot-reader-1", ["dragon-0", "dragon-1"], at=NOON - timedelta(days=300))


@pytest.mark.django_db(transaction=True)
def test_killed_after_each_step_it_ends_as_the_same_release(full_library: None, artifacts_dir: Path) -> None:
    job = enqueue("recommendations.retrain", {"promote": False}, now=timezone.now())
    kill_before("audit", artifacts_dir)
    release = Release.objects.get()
    undisturbed = train(promote=False, now=release.created_at, with_lightfm=True)
    change_everything()
    for step in ("fit", "evaluate", "gate"):
        kill_before(step, artifacts_dir)
    run_until_empty(clock=timezone.now)

    row = next(row for row in releases(kind="recommender") if row.key == release.key)
    assert (row.state, row.job_id) == ("passed", job)
    assert row.sha256 == undisturbed.sha256
    ours, other = (release_detail("recommender", key) for key in (row.key, undisturbed.key))
    assert ours.report == other.report
    assert ours.manifest == other.manifest
    assert {step.name: step.reused for step in ours.build_steps} == {
        "snapshot": 4,
        "audit": 3,
        "fit": 2,
        "seal": 2,
        "evaluate": 1,
    }
    assert not any(path.is_file() for path in (artifacts_dir / ".steps").rglob("*"))
