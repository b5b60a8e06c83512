"""Look at data before anything is learned from them: what stops the training, what is mended, what is only said."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self


class Severity(StrEnum):
    """What a finding means for the training."""

    STOP = "stop"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with the data.

    Attributes:
        severity: stop, warning or note.
        column: where.
        text: what, in words.
        share: share of the rows, in [0, 1].
        rows: how many rows.
        examples: a few of them, written out.
        done: what was done about it, as "read as missing".
    """

    severity: Severity
    column: str
    text: str
    share: float
    rows: int
    examples: tuple[str, ...] = ()
    done: str = ""

    def as_json(self) -> dict[str, Any]:
        """The finding as a dictionary of texts, numbers and lists."""
        return asdict(self) | {"examples": list(self.examples)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The finding that was stored."""
        return cls(**{**stored, "severity": Severity(stored["severity"]), "examples": tuple(stored["examples"])})
