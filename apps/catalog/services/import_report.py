"""What became of a file of books, as numbers, as sentences and as JSON."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from apps.catalog.models import AgeBandSource
from apps.catalog.services.books import SaveReport
from epicml.audience.bands import AgeBand

MOST_HEADINGS = 5  # named in the summary: enough to see whether the guess rests on sense


@dataclass(slots=True)
class ImportReport:
    """What became of the rows of a file, and for whom its books are."""

    refused_file: Path
    remarks_file: Path | None = None
    format_name: str = ""
    shape: str = ""
    encoding: str = ""
    delimiter: str = ""
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    left_out: int = 0  # rows of a dump that are no books
    remarks: Counter[str] = field(default_factory=Counter)
    bands: Counter[AgeBand] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    nothing_said: int = 0  # of the guessed ones
    guessed_from: Counter[str] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        return self.created + self.updated + self.unchanged + self.refused + self.left_out

    def add(self, saved: SaveReport) -> None:
        """Count the books of this batch."""
        self.created += saved.created
        self.updated += saved.updated
        self.unchanged += saved.unchanged
        for values in saved.values.values():
            self.bands[values.age_band] += 1
            self.sources[values.age_band_source] += 1
            self.guessed_from.update(values.guessed_from)
            self.nothing_said += values.age_band_source == AgeBandSource.GUESSED and not values.guessed_from

    def sentences(self) -> list[str]:
        """Say how the file was read, for whom its books are, and what was made of its cells, a sentence each."""
        found = [f"Read as {self.shape}, {self.encoding}, {self.delimiter}."]
        if self.bands:
            found.append(self._ages())
        if self.remarks:
            where = f" (see {self.remarks_file})" if self.remarks_file else ""
            kinds = ", ".join(f"{kind} {count:,}" for kind, count in self.remarks.most_common())
            found.append(f"Remarks{where}: {kinds}.")
        return found

    def as_json(self) -> dict[str, Any]:
        """Return the same for programs."""
        return {
            "rows": self.rows,
            "created": self.created,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "refused": self.refused,
            "left_out": self.left_out,
            "remarks": dict(self.remarks.most_common()),
            "bands": {band.code: self.bands[band] for band in AgeBand},
            "given": self.sources[AgeBandSource.GIVEN],
            "set_by_staff": self.sources[AgeBandSource.STAFF],
            "guessed": self._guessed,
            "nothing_said": self.nothing_said,
            "guessed_from": dict(self.guessed_from.most_common()),
            "format": self.format_name,
            "encoding": self.encoding,
            "delimiter": self.delimiter,
            "files": {
                "refused": str(self.refused_file) if self.refused else None,
                "remarks": str(self.remarks_file) if self.remarks and self.remarks_file else None,
            },
        }

    @property
    def _guessed(self) -> int:
        return self.sources[AgeBandSource.GUESSED] - self.nothing_said

    def _ages(self) -> str:
        names = {band: "adults" if band is AgeBand.ADULT else band.code for band in AgeBand}
        bands = ", ".join(f"{self.bands[band]:,} for {name}" for band, name in names.items() if self.bands[band])
        most = ", ".join(f'"{heading}" {count:,}' for heading, count in self.guessed_from.most_common(MOST_HEADINGS))
        often = f" (most often {most})" if most else ""
        return (
            f"Age bands: {bands}; {self.sources[AgeBandSource.GIVEN]:,} given, {self._guessed:,} guessed from genres"
            f"{often}, {self.nothing_said:,} adult because nothing said for whom they are; "
            f"{self.sources[AgeBandSource.STAFF]:,} set by staff kept."
        )
