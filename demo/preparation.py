"""Everything the demo needs before it can be served, as steps that know whether they are done already."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from apps.catalog.selectors.shelf import shelf
from apps.catalog.services.importing import BookImport, import_books
from apps.platform.services.errors import EpicmlError
from apps.readers.services import save_readers
from apps.releases.selectors.live import live_release
from apps.releases.services.files import ArtifactCorruptError, artifact_path
from apps.releases.services.making import make_release
from apps.search.selectors.status import index_status
from demo.dataset import RATING_COLUMNS, Dataset, fingerprint, rows_of
from demo.models import Preparation
from demo.ratings import load_ratings
from demo.readers import RULE, synthetic_readers
from epicml.evaluation.gate import NOT_COMPARED

WHY = "manage.py demo: first release of this data"
# Who runs the demo wants it whole: what is lost, or of another version, is made again without a comparison, on record.
LOST = "manage.py demo: the live release cannot be read"
BY = "demo"
READERS_PER_SAVE = 1000


class RefusedRowsError(EpicmlError):
    """Rows of the demo's data were refused by an importer."""

    code = "refused_rows"

    def __init__(self, table: str, count: int, reasons: Path) -> None:
        super().__init__(f"Refused rows of {table}: {count:,}; {reasons} says why.")


@dataclass(frozen=True, slots=True)
class Work:
    """What a step is given."""

    dataset: Dataset
    clock: Callable[[], datetime]
    progress: Callable[[str], None]
    folder: Path  # for files of refused rows


@dataclass(frozen=True, slots=True)
class PreparationStep:
    """One step: what its result depends on, how it is done, and whether what it once did is still there."""

    name: str
    depends_on: Callable[[Dataset], str]
    do: Callable[[Work], str]
    is_there: Callable[[Work], bool]


def prepare(step: PreparationStep, work: Work) -> str:
    """Do the step, or find that nothing has to be done; a sentence says which."""
    wanted = step.depends_on(work.dataset)
    known = Preparation.objects.filter(step=step.name, fingerprint=wanted).exists()
    if known and step.is_there(work):
        return "as before"
    sentence = step.do(work)
    Preparation.objects.update_or_create(step=step.name, defaults={"fingerprint": wanted, "done_at": work.clock()})
    return sentence


def _load_books(work: Work) -> str:
    report = import_books(
        work.dataset.books,
        options=BookImport(genres=work.dataset.genres),
        refused_file=work.folder / "demo-refused-books.csv",
        now=work.clock(),
        progress=lambda rows: work.progress(f"{rows:,} books"),
    )
    if report.refused:
        raise RefusedRowsError("books", report.refused, report.refused_file)
    return f"{report.created:,} new, {report.updated:,} changed, {report.unchanged:,} as before"


def _load_readers(work: Work) -> str:
    books = {card.key: card for card in shelf().cards}
    readers = synthetic_readers(rows_of(work.dataset.ratings, columns=RATING_COLUMNS), books=books)
    new = 0
    for start in range(0, len(readers), READERS_PER_SAVE):
        new += save_readers(readers[start : start + READERS_PER_SAVE], now=work.clock())
    return f"{new:,} new of {len(readers):,}; their age bands are made up"


def _load_ratings(work: Work) -> str:
    report = load_ratings(
        work.dataset.ratings,
        folder=work.folder,
        now=work.clock(),
        progress=lambda rows: work.progress(f"{rows:,} ratings"),
    )
    if report.refused:
        raise RefusedRowsError("ratings", report.refused, report.refused_file)
    return f"{report.stored:,} new, {report.duplicates:,} as before"


def _make(kind: str, is_there: Callable[[Work], bool]) -> Callable[[Work], str]:
    def make(work: Work) -> str:
        is_lost = live_release(kind) is not None and not is_there(work)
        release = make_release(
            kind,
            created_by=BY,
            why=LOST if is_lost else WHY,
            accept=(NOT_COMPARED,) if is_lost else (),
            clock=work.clock,
            promote=True,
            progress=lambda done, total, text: work.progress(f"{text} ({done:,} of {total:,})"),
        )
        reason = "" if release.gate_passed else release.gate_reason
        return f"{release.key} is {release.state}. {release.gate_headline} {reason}".strip()

    return make


def _index_answers(work: Work) -> bool:
    """Tell whether the live index can be read; one that the version before made cannot."""
    status = index_status(now=work.clock(), waits=True)
    return status.release is not None and status.release == status.live


def _model_is_there(work: Work) -> bool:
    release = live_release("recommender")
    if release is None:
        return False
    try:
        artifact_path(release)
    except ArtifactCorruptError:
        return False
    return True


def _books_there(work: Work) -> bool:
    return bool(shelf().cards)


def _books_depend_on(dataset: Dataset) -> str:
    return fingerprint(dataset.books, dataset.genres)


def _all_depends_on(dataset: Dataset) -> str:
    return fingerprint(dataset.books, dataset.genres, dataset.ratings, RULE)


STEPS = {
    "books": PreparationStep("books", _books_depend_on, _load_books, _books_there),
    "readers": PreparationStep("readers", _all_depends_on, _load_readers, _books_there),
    "ratings": PreparationStep("ratings", _all_depends_on, _load_ratings, _books_there),
    "search index": PreparationStep(
        "search index", _books_depend_on, _make("search_index", _index_answers), _index_answers
    ),
    "recommender": PreparationStep(
        "recommender", _all_depends_on, _make("recommender", _model_is_there), _model_is_there
    ),
}
