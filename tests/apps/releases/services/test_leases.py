import subprocess
import sys
import time
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from apps.jobs.services.ledger.schedules import Timetable
from apps.jobs.services.runner.execution import run_until_empty
from apps.releases.models import LEASE, Release
from apps.releases.selectors.listing import releases
from apps.releases.services import leases
from apps.releases.services.leases import kept_lease
from tests.apps.jobs.processes import child_environment, wait_until
from tests.apps.releases.numbers import KIND, NOON, Clock, NumberKind
from tests.client import ApiClient

pytestmark = pytest.mark.django_db(transaction=True)

SECOND = timedelta(seconds=1)
# A builder as a command starts one, which is in the midst of its build until it is killed.
BUILDER = """
import sys, time
import django
django.setup()
from pathlib import Path
from django.conf import settings
from django.utils import timezone
from apps.releases.services.kinds import register_kind
from apps.releases.services.making import make_release
from tests.apps.releases.numbers import KIND, NumberKind
settings.ARTIFACTS_DIR = Path(sys.argv[1])
numbers = NumberKind()
numbers.during_build = lambda: time.sleep(60)
register_kind(numbers.as_kind())
make_release(KIND, created_by="ada", why="", clock=timezone.now)
"""


@pytest.fixture
def killed_build(artifacts_dir: Path) -> Release:
    """What a builder left behind that was killed with SIGKILL in the midst of its work."""
    environment = child_environment(DJANGO_SETTINGS_MODULE="config.settings", EPICML_DEMO="0")
    command = [sys.executable, "-c", BUILDER, str(artifacts_dir)]
    process = subprocess.Popen(
        command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        wait_until(lambda: any(artifacts_dir.glob("*/.building-*/*.npz")), process)
    finally:
        process.kill()
        process.communicate()
    return Release.objects.get()


def silent_for_a_lease() -> None:
    """As if so much time had passed since the kill."""
    Release.objects.update(lease_until=timezone.now() - SECOND)


class TestKilledBuild:
    def test_is_shown_as_failed_when_its_lease_ran_out_and_cleared_away_when_a_runner_starts(
        self, killed_build: Release, api: ApiClient, artifacts_dir: Path
    ) -> None:
        assert killed_build.state == "building"
        assert killed_build.lease_until is not None
        assert killed_build.lease_until - timezone.now() < LEASE

        silent_for_a_lease()
        out = StringIO()
        call_command("list_releases", stdout=out)
        shown = [
            api.get("/api/v1/releases").json()["items"][0],
            api.get(f"/api/v1/releases/{KIND}/{killed_build.key}").json(),
        ]
        assert "failed" in out.getvalue()
        assert [(each["state"], each["error"]) for each in shown] == [("failed", "Its builder died.")] * 2
        assert Release.objects.get().state == "building"  # nobody came by to record it

        Timetable().fire(now=timezone.now())  # a runner starts
        run_until_empty(clock=timezone.now)
        assert (Release.objects.get().state, Release.objects.get().error) == ("failed", "Its builder died.")
        assert list((artifacts_dir / KIND).iterdir()) == []

    def test_does_not_stand_in_the_way_of_the_next(self, numbers: NumberKind) -> None:
        dead = Release.objects.create(
            kind=KIND, key="2026-11-24.1", created_by="ada", created_at=NOON, lease_until=NOON + timedelta(days=731)
        )
        numbers.make()

        assert [release.state for release in Release.objects.order_by("id")] == ["failed", "live"]
        assert Release.objects.get(pk=dead.pk).error == "Its builder died."


class TestAbandoned:
    """The query and the property that say whether a build has a builder agree."""

    @pytest.mark.parametrize(
        ("lease", "abandoned"),
        [
            (None, True),
            (-SECOND, True),
            (timedelta(), False),
            (LEASE, False),
            (LEASE + timedelta(seconds=60), False),
            (LEASE + timedelta(seconds=61), True),
            (timedelta(days=731), True),  # of a clock that was ahead
        ],
    )
    @pytest.mark.parametrize("state", ["building", "evaluated", "passed"])
    def test_lease(self, state: str, lease: timedelta | None, abandoned: bool) -> None:
        release = Release.objects.create(
            kind=KIND,
            key="1",
            created_by="ada",
            created_at=NOON,
            state=state,
            sha256="0" * 64,
            gate_passed=True,
            lease_until=None if lease is None else NOON + lease,
        )
        expected = abandoned and state != "passed"

        assert release.is_abandoned(NOON) == expected
        assert Release.objects.abandoned(NOON).exists() == expected
        assert (releases(now=NOON)[0].state == "failed") == expected


class TestKeptLease:
    def test_is_renewed_while_a_step_takes_long(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(leases, "LEASE", timedelta(seconds=0.2))
        release = Release.objects.create(kind=KIND, key="1", created_by="ada", created_at=NOON, lease_until=NOON)
        clock = Clock()
        clock.advance(minutes=1)
        with kept_lease(release.pk, clock=clock):
            end = time.monotonic() + 10
            while Release.objects.get().lease_until == NOON and time.monotonic() < end:
                time.sleep(0.02)

        assert Release.objects.get().lease_until == clock() + timedelta(seconds=0.2)

    def test_of_a_build_that_was_given_up_is_not(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(leases, "LEASE", timedelta(seconds=0.1))
        release = Release.objects.create(
            kind=KIND, key="1", created_by="ada", created_at=NOON, state="failed", lease_until=None
        )
        with kept_lease(release.pk, clock=Clock()):
            time.sleep(0.1)

        assert Release.objects.get().lease_until is None
