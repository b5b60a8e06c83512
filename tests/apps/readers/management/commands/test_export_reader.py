import io
import json
from datetime import datetime
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.readers.services import ReaderInput, save_reader
from epicml.audience.bands import AgeBand

pytestmark = pytest.mark.django_db


class TestExportReader:
    def test_writes_json_to_the_screen_or_a_file(self, now: datetime, tmp_path: Path) -> None:
        save_reader(ReaderInput(key="mia", age_band=AgeBand.AGES_6_TO_8), now=now)
        output, path = io.StringIO(), tmp_path / "mia.json"

        call_command("export_reader", "mia", stdout=output)
        call_command("export_reader", "mia", "--output", str(path), stdout=io.StringIO())

        assert json.loads(output.getvalue())["reader"]["age_band"] == "6-8"
        assert json.loads(path.read_text())["events"] == []

    def test_ends_with_one_sentence_for_an_unknown_reader(self) -> None:
        with pytest.raises(CommandError, match=r"^There is no reader 'mia'\.$"):
            call_command("export_reader", "mia")
