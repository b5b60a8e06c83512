import re
from datetime import datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from apps.platform.services.backup.folders import whole_backups
from tests.apps.platform.backups import backup, fill, run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def made(tmp_path: Path, settings: Settings, now: datetime) -> Path:
    """A backup."""
    settings.VAR_DIR = tmp_path / "var"
    settings.ARTIFACTS_DIR = tmp_path / "var" / "artifacts"
    settings.VAR_DIR.mkdir()
    fill(now)
    backup(tmp_path / "backups")
    return whole_backups(tmp_path / "backups")[0]


class TestCheckBackup:
    def test_says_what_a_whole_one_holds(self, made: Path) -> None:
        assert re.fullmatch(
            r"Whole: \d+ rows of \d+ tables, \d+ files, [\d.]+ MB, as of 20\S+;"
            r" secret key [0-9a-f]{16} \(not in the backup\); read in [\d.]+ s\.\n",
            run("check_backup", str(made)),
        )

    def test_names_what_is_wrong(self, made: Path) -> None:
        (made / "tables" / "readers_reader.copy.gz").unlink()
        with pytest.raises(CommandError, match=r"is damaged: tables/readers_reader\.copy\.gz is missing\."):
            call_command("check_backup", str(made))

    def test_asks_which_of_many(self, made: Path) -> None:
        with pytest.raises(CommandError, match="holds 1 backups: name one, the newest is"):
            call_command("check_backup", str(made.parent))
