"""What an index must do beside answering batches (epicml.search.engine), and how it says that it cannot."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from apps.platform.services.errors import UnavailableError
from epicml.audience.bands import AgeBand
from epicml.search.engine import Engine
from epicml.search.fields import BookText
from epicml.search.lexicon import Lexicon

MOST_RESULTS = 10_000  # so many books of a text can be paged through; more nobody reads


class IndexBrokenError(UnavailableError):
    """An index that cannot be read or written."""

    code = "index_unavailable"

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"The search index {folder.parent.name}/{folder.name} cannot be used: {reason}.")
        self.reason = reason


class NoRoomError(IndexBrokenError):
    """A sound index that cannot be opened, for there is no room for the copy that each process reads."""

    def __init__(self, folder: Path, *, megabytes: float, places: list[str]) -> None:
        where = " nor ".join(places)
        super().__init__(folder, f"neither {where} has room for a private copy of {megabytes:,.1f} MB")


class IndexOfOtherFormError(IndexBrokenError):
    """An index that another version of the program made: sound, but of other tokens than are asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "another version of this program made it; build a new one")


@dataclass(frozen=True, slots=True)
class IndexedBook:
    """What an index knows of a book: enough to find and order it, nothing to show."""

    id: int
    text: BookText
    age_band: AgeBand
    popularity: int


class IndexEngine(Engine, Protocol):
    """An engine that keeps books of its own beside the database, as they were at some change of the catalogue."""

    cursor: int
    """The number of the last change that it has."""
    books: int
    is_stuck: bool
    """It could not follow what was published, and must be opened anew to see it."""
    lexicon: Lexicon
    """The words of the catalogue that were sealed with it; what they are taken for is decided above the engines."""

    def refresh(self) -> None:
        """See what was published up to now.

        Raises:
            IndexBrokenError: that cannot be read; what was seen before answers on.
        """
        ...
