"""The readers whom everybody may choose in the storefront: those of the demo's data, and never a library's own."""

import re

from apps.readers.selectors import ReaderProfile, sample_readers
from demo.models import Preparation

READERS_PER_BAND = 10
DEMO_KEY = re.compile(r"R-[0-9]{5,}")  # as demo.readers.reader_key writes it


def demo_readers() -> list[ReaderProfile]:
    """The first readers of each age band, youngest band first; none where `manage.py demo` made no readers."""
    if not Preparation.objects.filter(step="readers").exists():
        return []
    return [profile for profile in sample_readers(per_band=READERS_PER_BAND) if DEMO_KEY.fullmatch(profile.key)]
