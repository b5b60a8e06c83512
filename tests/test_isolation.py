"""The tests see nothing of the machine but what tests/conftest.py names."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import INHERITED, INHERITED_PREFIXES

PROJECT = Path(__file__).resolve().parents[1]
SET_BY_THE_TESTS = {"EPICML_VAR", "LANG", "DJANGO_SETTINGS_MODULE", "TZ", "DATABASE_URL"}
HOSTILE = {
    "PORT": "web",
    "DATABASE_URL": "nonsense://",
    "REDIS_URL": "redis://192.0.2.1:1/0",
    "EPICML_DEMO": "0",
    "EPICML_VAR": "/nowhere",
    "TZ": "Asia/Kathmandu",
    "LC_ALL": "tr_TR.ISO-8859-9",
    "PROMETHEUS_MULTIPROC_DIR": "/nowhere",
    "COLUMNS": "20",
}


class TestEnvironment:
    def test_holds_only_what_is_named(self) -> None:
        others = {name for name in os.environ if not name.startswith(INHERITED_PREFIXES)}

        assert others <= INHERITED | SET_BY_THE_TESTS | {"REMAP_SIGTERM"}
        assert os.environ.get("TZ", "UTC") == "UTC"

    @pytest.mark.parametrize("test", ["tests/test_isolation.py::TestEnvironment::test_holds_only_what_is_named"])
    def test_is_the_same_on_a_machine_that_has_settings_of_its_own(self, test: str) -> None:
        machine = {name: value for name, value in os.environ.items() if name in INHERITED} | HOSTILE

        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test],
            cwd=PROJECT,
            env=machine,
            capture_output=True,
            text=True,
        )

        assert done.returncode == 0, done.stdout + done.stderr
