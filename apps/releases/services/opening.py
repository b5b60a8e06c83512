"""How artifacts of one kind are opened and judged, and the values that tell what is open."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Generic, TypeVar

from apps.platform.services.errors import EpicmlError
from apps.releases.selectors.live import LiveRelease

Named = tuple[str, str]  # key and SHA-256: what says that two releases are the same
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Held(Generic[T]):
    """What is open, and what it is of; `is_copy` says that it is a working copy and not the sealed files."""

    opened: T
    key: str
    sha256: str
    is_copy: bool = False
    stands_in: bool = False

    @property
    def name(self) -> Named:
        """Return key and SHA-256."""
        return self.key, self.sha256


@dataclass(frozen=True, slots=True)
class ArtifactState:
    """What this process serves of a kind, what it should serve, why these differ if they do, and what else is open.

    `failure` says why the live release is not open, `copy_failure` why its working copy is not, or is not as it is now.
    `lacks_room` tells that the first of these that there is would be mended by making room.
    """

    kind: str
    served: str | None
    live: str | None
    failure: str
    copy_failure: str = ""
    lacks_room: bool = False
    live_sha256: str = ""
    stands_in: bool = False
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerVersion:
    """What an answer was made from: an answer that is kept holds for this version and no other."""

    release: str
    catalogue: int
    arms: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, *, release: str | None, catalogue: int, arms: Mapping[str, str] | None = None) -> "AnswerVersion":
        """Return the version of this release, this change number of the catalogue and these arms, in any order."""
        return cls(release or "", catalogue, tuple(sorted((arms or {}).items())))


class ArtifactOpener(Generic[T]):
    """How artifacts of one kind are opened and judged; a kind overrides what is different for it."""

    kind: str
    title: str
    check_every = timedelta(seconds=1)
    retry_after = timedelta(seconds=30)

    def open(self, release: LiveRelease, folder: Path) -> T:
        """Open the sealed files, which were verified just now."""
        raise NotImplementedError

    def working_copy(self, key: str, sha256: str, now: datetime) -> T | None:
        """Open this machine's working copy of a release, preferred to its sealed files; None where none is ready."""
        return None

    def may_serve(self, found: T, held: Held[T] | None) -> bool:
        """Tell whether this may be served in the place of what is open; no where it is behind that, for one."""
        return True

    def is_candidate(self, release: LiveRelease) -> bool:
        """Tell whether the sealed files of a former release are worth reading for a stand-in."""
        return True

    def may_stand_in(self, found: T) -> bool:
        """Tell whether this may be served though it is not the live release; no where it would show what was."""
        return True

    def waits_for_copy(self, held: Held[T]) -> bool:
        """Tell whether what is open goes on until the working copy of the live release is ready."""
        return False

    def is_stuck(self, opened: T) -> bool:
        """Tell whether what is open cannot go on by refresh(), and must be opened anew."""
        return False

    def refresh(self, opened: T) -> None:
        """Let what is open see what was committed since; raise an EpicmlError where that is damaged."""

    def inspect(self, held: Held[T], now: datetime) -> None:
        """Look after what is open, at every look that changes nothing."""

    def on_damage(self, held: Held[T], error: EpicmlError, now: datetime, *, is_repeated: bool) -> None:
        """Tell whoever can mend it that what was open failed; if `is_repeated`, though it had been opened anew."""

    def lacks_room(self, error: Exception) -> bool:
        """Tell whether what failed is sound, and only found no room."""
        return False

    def reset(self) -> None:
        """Forget what was seen of files so far."""
