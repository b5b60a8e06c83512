"""What the import commands are told on the command line, as values."""

import os
from collections.abc import Sequence
from pathlib import Path

from apps.platform.services.errors import EpicmlError
from apps.platform.services.tabular.tables import TableOptions

WRITE_BITS = 0o222


class OptionError(EpicmlError):
    """An option that does not say what it should."""

    code = "invalid"


def mapping_of(pairs: Sequence[str]) -> dict[str, str]:
    """Read which column holds which field, from "field=Column" texts."""
    mapping: dict[str, str] = {}
    for pair in pairs:
        name, equals, column = pair.partition("=")
        if not (name and equals and column):
            raise OptionError(f"--map {pair!r} does not have the form field=Column.")
        mapping[name.strip()] = column.strip()
    return mapping


def file_beside(path: Path, ending: str, *, elsewhere: Path) -> Path:
    """Return FILE.refused.csv beside the file for "refused", or in the other folder where that is read-only."""
    folder = path.parent
    # Both: root may write everywhere, but a folder that was made read-only is meant to stay as it is.
    writable = os.access(folder, os.W_OK) and folder.stat().st_mode & WRITE_BITS
    return (folder if writable else elsewhere) / f"{path.name}.{ending}.csv"


def table_options_of(*, encoding: str | None, delimiter: str | None) -> TableOptions:
    """Read what a person says of the form of a file."""
    if delimiter is None:
        return TableOptions(encoding)
    sign = {"\\t": "\t", "tab": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}.get(delimiter, delimiter)
    if len(sign) != 1 or sign in '"\r\n\\':
        raise OptionError(f"--delimiter {delimiter!r} is not one sign such as ; or \\t.")
    return TableOptions(encoding, sign)
