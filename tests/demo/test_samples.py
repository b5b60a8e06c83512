from datetime import datetime

import pytest

from apps.readers.services import ReaderInput, save_readers
from demo.models import Preparation
from demo.samples import demo_readers
from epicml.audience.bands import AgeBand

pytestmark = pytest.mark.django_db


class TestDemoReaders:
    def test_are_those_of_the_demo_and_never_the_librarys_own(self, now: datetime) -> None:
        keys = ("mia-7f3a", "R-00417", "R-of-mine", "R-5", "r-00417", "R-50472")
        save_readers([ReaderInput(key=key, age_band=AgeBand.ADULT) for key in keys], now=now)
        assert demo_readers() == []  # nobody ran the demo

        Preparation.objects.create(step="readers", fingerprint="a test", done_at=now)
        assert [profile.key for profile in demo_readers()] == ["R-00417", "R-50472"]

    def test_are_ten_of_each_band(self, now: datetime) -> None:
        Preparation.objects.create(step="readers", fingerprint="a test", done_at=now)
        readers = [ReaderInput(key=f"R-{n:05}", age_band=AgeBand(n % 2)) for n in range(40)]
        save_readers(readers, now=now)
        assert [profile.age_band.code for profile in demo_readers()] == ["0-5"] * 10 + ["6-8"] * 10
