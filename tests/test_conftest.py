"""The tests run where they say that they run."""

import os
from pathlib import Path

import pytest
from django.db import connection

from config import settings


class TestEnvironment:
    def test_is_the_database_that_was_asked_for(self, request: pytest.FixtureRequest) -> None:
        assert connection.vendor == request.config.getoption("--database")

    def test_is_a_folder_of_this_process_alone(self) -> None:
        assert Path(os.environ["EPICML_VAR"]) == settings.VAR_DIR
