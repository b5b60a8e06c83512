"""What the import commands are told on the command line, as values."""

import os
from collections.abc import Sequence
from pathlib import Path

from apps.platform.services.errors import EpicmlError

WRITE_BITS = 0o222


class OptionError(EpicmlError):
    """An option that does not say what it should."""

    code = "invalid"


def mapping_of(pairs: Sequence[str]) -> dict[str, str]:
    """Which column holds which field, from "field=Column" texts."""
    mapping: dict[str, str] = {}
    for pair in pairs:
        name, equals, column = pair.partition("=")
        if not (name and equals and column):
            raise OptionError(f"--map {pair!r} does not have the form field=Column.")
        mapping[name.strip()] = column.strip()
    return mapping


def refused_file_for(path: Path, *, elsewhere: Path) -> Path:
    """FILE.refused.csv beside the file, or in the other folder where that one may not be written to."""
    folder = path.parent
    # Both: root may write everywhere, but a folder that was made read-only is meant to stay as it is.
    writable = os.access(folder, os.W_OK) and folder.stat().st_mode & WRITE_BITS
    return (folder if writable else elsewhere) / f"{path.name}.refused.csv"
