"""What a search engine must do. Ranking is not its business: it answers the plans of epicml.search."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from apps.platform.services.errors import UnavailableError
from epicml.audience.bands import AgeBand
from epicml.search.completion import Found
from epicml.search.fields import BookText
from epicml.search.plan import Typed

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


class Engine(Protocol):
    """An index of the catalogue at one moment. Every answer is of ids of books, best first, none above the audience."""

    name: str

    @property
    def state(self) -> object:
        """Another object as soon as an answer may be another one."""
        ...

    def suggest(self, typed: Typed, *, audience: AgeBand, limit: int) -> Found:
        """Books that complete what was typed."""
        ...

    def names(self, typed: Typed, *, audience: AgeBand, limit: int) -> list[int]:
        """Books whose author or series has a name that goes on like what was typed."""
        ...

    def search(self, typed: Typed, *, audience: AgeBand, limit: int) -> Found:
        """Books with what was typed: with every word first, then with some; none where nothing can be searched for."""
        ...
