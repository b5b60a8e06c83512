"""What became of a file of interactions, as numbers, as sentences and as JSON."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class ImportReport:
    """What became of the rows of a file. One row may be two events: a book was finished, and rated."""

    refused_file: Path
    format_name: str = ""
    shape: str = ""
    encoding: str = ""
    delimiter: str = ""
    scale: str = ""
    rows: int = 0
    stored: int = 0
    changed: int = 0  # of those stored: ratings that differ from the one known before
    duplicates: int = 0
    refused: int = 0
    not_rated: int = 0
    replaced: int = 0  # by a later row of the same file
    new_readers: int = 0

    def sentences(self) -> list[str]:
        """Say what the counts of events leave out, and how the file was read, a sentence each."""
        found = []
        if self.changed:
            found.append(f"Changed ratings: {self.changed:,}, stored as newer ones.")
        if self.replaced:
            found.append(f"Ratings that a later row of the file says anew: {self.replaced:,}; the last one counts.")
        if self.not_rated:
            found.append(f"Rows without a rating or an act: {self.not_rated:,}.")
        found.append(f"Read as {self.shape}, {self.encoding}, {self.delimiter}; ratings from {self.scale}.")
        return found

    def as_json(self) -> dict[str, Any]:
        """Return the same for programs."""
        return {
            "rows": self.rows,
            "stored": self.stored,
            "changed": self.changed,
            "known_before": self.duplicates,
            "refused": self.refused,
            "not_rated": self.not_rated,
            "replaced": self.replaced,
            "new_readers": self.new_readers,
            "format": self.format_name,
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "rating_scale": self.scale,
            "files": {"refused": str(self.refused_file) if self.refused else None},
        }
