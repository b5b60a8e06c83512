import io
from datetime import datetime

import pytest
from django.core.management import CommandError, call_command

from apps.readers.models import ErasureLog
from apps.readers.services import ReaderInput, save_reader
from epicml.audience.bands import AgeBand

pytestmark = pytest.mark.django_db


class TestEraseReader:
    def test_says_how_much_it_erased(self, now: datetime) -> None:
        save_reader(ReaderInput(key="mia", age_band=AgeBand.ADULT), now=now)
        output = io.StringIO()

        call_command("erase_reader", "mia", "--by", "librarian", stdout=output)

        assert output.getvalue().startswith("The reader is erased. Rows: ")
        assert "mia" not in output.getvalue()
        assert ErasureLog.objects.get().erased_by == "librarian"

    def test_ends_with_one_sentence_for_an_unknown_reader(self) -> None:
        with pytest.raises(CommandError, match=r"^There is no reader 'mia'\.$"):
            call_command("erase_reader", "mia")
