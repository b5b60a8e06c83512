"""The door to the model in memory: each process opens the live release by itself, without a restart."""

from dataclasses import dataclass
from pathlib import Path

from apps.releases.selectors.live import LiveRelease
from apps.releases.services.files import load_arrays
from apps.releases.services.live_artifact import follow
from apps.releases.services.opening import ArtifactOpener
from epicml.datasets.arrays import NamedArrays
from epicml.datasets.id_map import IdMap
from epicml.recommenders.fusion import FusedRecommender
from epicml.recommenders.protocol import InvalidModelError

KIND = "recommender"
MODEL_FILE = "model.npz"
BOOK_IDS = "books.ids"


@dataclass(frozen=True, slots=True, eq=False)
class LoadedModel:
    """A model that is ready to rank; row i of its arrays is the book `books.ids[i]`."""

    key: str
    sha256: str
    recommender: FusedRecommender
    books: IdMap


class ModelOpener(ArtifactOpener[LoadedModel]):
    """Read a model whole into memory.

    A former one may always stand in. It shows no book that it must not: what is eligible comes from the catalogue, at
    every request.
    """

    kind = KIND
    title = "Recommender"

    def open(self, release: LiveRelease, folder: Path) -> LoadedModel:
        """Read the arrays of this release."""
        return read_model(load_arrays(folder / MODEL_FILE), key=release.key, sha256=release.sha256)


models = follow(ModelOpener())


def read_model(arrays: NamedArrays, *, key: str, sha256: str) -> LoadedModel:
    """Return the model of these arrays, checked: it ranks as many books as it has ids for."""
    if BOOK_IDS not in arrays:
        raise InvalidModelError(f"The model {key} lacks its array {BOOK_IDS!r}.")
    ids = arrays[BOOK_IDS].astype("int64", copy=False)
    recommender = FusedRecommender.from_arrays({name: array for name, array in arrays.items() if name != BOOK_IDS})
    if len(ids) != recommender.n_books or (ids[1:] <= ids[:-1]).any():
        raise InvalidModelError(f"The model {key} ranks {recommender.n_books} books but has ids for {len(ids)}.")
    return LoadedModel(key=key, sha256=sha256, recommender=recommender, books=IdMap(ids))
