"""Child processes of tests and benchmarks that work on the same database."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

SETTINGS = "tests.apps.jobs.sample.settings"
PATIENCE_SECONDS = 30.0


def database_url() -> str:
    """The database of this process, as a child process is told."""
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{Path(values['NAME']).absolute()}"
    return f"postgres://{values['USER']}@{quote(values['HOST'], safe='')}/{values['NAME']}"


def child_environment(**more: str) -> dict[str, str]:
    """What a child process needs to run the sample jobs on this database."""
    return {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": SETTINGS,
        "EPICML_VAR": str(settings.VAR_DIR),
        **more,
    }


def start(*command: str, **environment: str) -> subprocess.Popen[str]:
    """A management command with the sample jobs, running."""
    return subprocess.Popen(
        [sys.executable, "-m", "django", *command],
        cwd=settings.BASE_DIR,
        env=child_environment(**environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_until(true: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    """It came true while the process lives; what the process said is in the failure."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < end, "It did not happen."
        time.sleep(0.02)
