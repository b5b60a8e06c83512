"""The tests see nothing of the machine but what tests/conftest.py names."""

import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import INHERITED

PROJECT = Path(__file__).resolve().parents[1]
HOSTILE = {
    "PORT": "web",
    "DATABASE_URL": "nonsense://",
    "REDIS_URL": "redis://192.0.2.1:1/0",
    "EPICML_DEMO": "0",
    "EPICML_VAR": "/dev/null/nowhere",
    "TZ": "Asia/Kathmandu",
    "LC_ALL": "tr_TR.ISO-8859-9",
    "PROMETHEUS_MULTIPROC_DIR": "/dev/null/nowhere",
    "COLUMNS": "20",
}


class TestEnvironment:
    def test_holds_no_setting_of_the_machine(self) -> None:
        assert [name for name, value in HOSTILE.items() if os.environ.get(name) == value] == []

    def test_is_the_same_on_a_machine_that_has_settings_of_its_own(self) -> None:
        test = "tests/test_isolation.py::TestEnvironment::test_holds_no_setting_of_the_machine"
        machine = {name: value for name, value in os.environ.items() if name in INHERITED} | HOSTILE

        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test],
            cwd=PROJECT,
            env=machine,
            capture_output=True,
            text=True,
        )

        assert done.returncode == 0, done.stdout + done.stderr
