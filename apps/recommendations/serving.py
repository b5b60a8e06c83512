"""The door to the model in memory: each process loads the live release by itself, without a restart.

At most once a second one query looks whether another release went live. It is then read, its SHA-256 checked, and put
in the place of the old one; while that lasts, and also when it fails, the old one serves on. A process that has no old
one takes the newest release that was live before and whose files are sound.
"""

import logging
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.platform.services.errors import EpicmlError
from apps.releases.selectors.live import LiveRelease, former_releases, live_key, live_release
from apps.releases.services.files import artifact_path, load_arrays
from epicml.datasets.arrays import NamedArrays
from epicml.datasets.id_map import IdMap
from epicml.recommenders.fusion import FusedRecommender
from epicml.recommenders.protocol import InvalidModelError

KIND = "recommender"
MODEL_FILE = "model.npz"
BOOK_IDS = "books.ids"
CHECK_EVERY = timedelta(seconds=1)
LOAD_SECONDS = 20.0  # longer than loading any model takes that fits on one machine
RETRY_AFTER = timedelta(seconds=30)  # what cannot be loaded is not read anew at every request

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class LoadedModel:
    """A model that is ready to rank; row i of its arrays is the book `books.ids[i]`."""

    key: str
    sha256: str
    recommender: FusedRecommender
    books: IdMap


@dataclass(frozen=True, slots=True)
class ServingState:
    """What this process serves, what it should serve, and why these differ where they do."""

    served: str | None
    live: str | None
    failure: str
    live_sha256: str = ""


class _Slot:
    """The one model of this process."""

    def __init__(self) -> None:
        self.model: LoadedModel | None = None
        self.live: tuple[str, str] | None = None
        self.failed: tuple[str, str] | None = None
        self.failure = ""
        self.failed_at: datetime | None = None
        self.checked_at: datetime | None = None
        self.lock = threading.Lock()

    def is_fresh(self, now: datetime) -> bool:
        return self.checked_at is not None and abs(now - self.checked_at) < CHECK_EVERY

    def refresh(self, now: datetime) -> None:
        """The slot holds the live release, or what it held before and the reason."""
        # One thread loads; the others go on with what there is, and wait only where nobody has looked yet.
        if not self.lock.acquire(timeout=LOAD_SECONDS if self.checked_at is None else 0):
            return
        try:
            if not self.is_fresh(now):
                self.live = live_key(KIND)
                self._follow(now)
                self.checked_at = now
        finally:
            self.lock.release()

    def _follow(self, now: datetime) -> None:
        served = (self.model.key, self.model.sha256) if self.model else None
        if self.live in (None, served):
            self.model, self.failed, self.failure = (self.model if self.live else None), None, ""
        elif self.live != self.failed or self.failed_at is None or abs(now - self.failed_at) >= RETRY_AFTER:
            self._load(now)

    def _load(self, now: datetime) -> None:
        release = live_release(KIND)
        if release is None:
            return
        try:
            self.model = _load(release)
        except (EpicmlError, ValueError) as error:
            self.failed, self.failure, self.failed_at = self.live, str(error), now
            self.model = _newest_sound(self.model) or self.model
            logger.exception("Recommender %s cannot be loaded; %s serves", release.key, self._served_name())
        else:
            self.failed, self.failure, self.failed_at = None, "", None
            logger.info("Recommender %s is loaded", release.key)

    def _served_name(self) -> str:
        return self.model.key if self.model else "popularity"


_slot = _Slot()


def current_model(now: datetime) -> LoadedModel | None:
    """The model to rank with at this moment; None where none is live, or none could ever be loaded."""
    if not _slot.is_fresh(now):
        _slot.refresh(now)
    return _slot.model


def serving_state() -> ServingState:
    """What this process serves, as of its last look."""
    served = _slot.model.key if _slot.model else None
    live, sha256 = _slot.live or (None, "")
    return ServingState(served=served, live=live, failure=_slot.failure, live_sha256=sha256)


def forget_models() -> None:
    """This process has loaded nothing yet. For tests."""
    _slot.__init__()  # type: ignore[misc]


def read_model(arrays: NamedArrays, *, key: str, sha256: str) -> LoadedModel:
    """The model of these arrays, checked: it ranks as many books as it has ids for."""
    if BOOK_IDS not in arrays:
        raise InvalidModelError(f"The model {key} lacks its array {BOOK_IDS!r}.")
    ids = arrays[BOOK_IDS].astype("int64", copy=False)
    recommender = FusedRecommender.from_arrays({name: array for name, array in arrays.items() if name != BOOK_IDS})
    if len(ids) != recommender.n_books or (ids[1:] <= ids[:-1]).any():
        raise InvalidModelError(f"The model {key} ranks {recommender.n_books} books but has ids for {len(ids)}.")
    return LoadedModel(key=key, sha256=sha256, recommender=recommender, books=IdMap(ids))


def _newest_sound(in_memory: LoadedModel | None) -> LoadedModel | None:
    """The model that was live last among those that can be loaded, the same one in every process.

    An older model shows no book that it must not: what is eligible comes from the catalogue, at every request.
    """
    for release in former_releases(KIND):
        if in_memory and (release.key, release.sha256) == (in_memory.key, in_memory.sha256):
            return in_memory
        try:
            return _load(release)
        except (EpicmlError, ValueError) as error:
            logger.warning("Recommender %s cannot be loaded either: %s", release.key, error)
    return None


def _load(release: LiveRelease) -> LoadedModel:
    folder = artifact_path(release)
    return read_model(load_arrays(folder / MODEL_FILE), key=release.key, sha256=release.sha256)
