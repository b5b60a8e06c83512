"""What one request is about: for whom, from which books, after which history. Read anew every time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from apps.catalog.selectors.genres import genre_codes
from apps.events.selectors import ReadingHistory, history
from apps.readers.selectors import Audience, ReaderProfile, reader_audience
from apps.recommendations.services.lists.candidate_pool import CandidatePool, Mask, current_pool
from epicml.audience.asking import TRUSTED, Standing
from epicml.audience.bands import AgeBand
from epicml.datasets.id_map import ABSENT, CatalogueRows, present
from epicml.recommenders.protocol import NO_HISTORY, History
from epicml.recommenders.series import NextVolumes

# After so long without a book, the order of the last ones says little about today.
STALE_AFTER = timedelta(days=180)
LIKED_FROM = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class ListContext:
    """Everything that a list is made from.

    `volumes` is what the reader goes on with in each series; a hidden book that was read before is one that was read.
    `candidate_masks` are masks of the shelf from the narrowest to the widest: a list is filled from the first, and from
    the next where that has too few. Each holds only books within the age band that were neither read nor hidden.
    """

    pool: CandidatePool
    age_band: AgeBand
    reader: ReaderProfile | None
    past: ReadingHistory | None
    candidate_masks: tuple[Mask, ...]
    history: History
    read_rows: CatalogueRows
    volumes: NextVolumes
    excluded_ids: frozenset[int]

    @property
    def fallback(self) -> str | None:
        """The reason for which the model does not answer; None where it does."""
        return "model_unavailable" if self.pool.model is None else None

    @property
    def release(self) -> str | None:
        """The key of the model that answers."""
        return self.pool.model.key if self.pool.model else None

    @property
    def liked_rows(self) -> CatalogueRows:
        """Rows on the shelf of the books that were liked, newest first; none above the age band, for they are named."""
        if self.past is None:
            return CatalogueRows(np.zeros(0, np.int32))
        rows = present(self.pool.shelf.rows_of_ids(self.past.book_ids[self.past.values >= LIKED_FROM]))
        return CatalogueRows(rows[self.pool.shelf.age_bands[rows] <= int(self.age_band)])


def of_reader(reader_key: str, *, standing: Standing = TRUSTED, now: datetime) -> ListContext:
    """Make the context of a list for this reader, with everything that happened up to this moment."""
    return of_audience(reader_audience(reader_key, standing), now=now)


def of_audience(audience: Audience, *, now: datetime, genre: str | None = None) -> ListContext:
    """Make it for somebody of whom perhaps only the age band is known."""
    pool = current_pool(now)
    reader = audience.reader
    past = history(reader.id) if reader else None
    excluded_books = np.concatenate((past.book_ids, past.hidden_ids)) if past else np.zeros(0, np.int64)
    excluded_rows = pool.shelf.rows_of_ids(excluded_books)
    return ListContext(
        pool=pool,
        age_band=audience.age_band,
        reader=reader,
        past=past,
        candidate_masks=_candidate_masks(pool, audience, excluded_rows=excluded_rows, genre=genre),
        history=_history(pool, past, now=now),
        read_rows=CatalogueRows(excluded_rows[: len(past.book_ids)]) if past else excluded_rows,
        volumes=_volumes(pool, past),
        excluded_ids=frozenset(excluded_books.tolist()),
    )


def levels_of(reader: ReaderProfile | None) -> tuple[int, int] | None:
    """Return the reading levels that a reader wishes for; an open end reaches as far as levels go."""
    if reader is None or (reader.level_min is None and reader.level_max is None):
        return None
    return reader.level_min or 1, reader.level_max or 12


def _candidate_masks(
    pool: CandidatePool, audience: Audience, *, excluded_rows: CatalogueRows, genre: str | None
) -> tuple[Mask, ...]:
    """Return masks that all keep to the age band; wishes for a level, then a language, give way when books are few."""
    reader = audience.reader
    languages: Sequence[str] = reader.languages if reader else ()
    asked = [(languages, levels_of(reader)), (languages, None), ((), None)]
    distinct = list(dict.fromkeys((tuple(wanted), levels) for wanted, levels in asked))
    of_genre = None
    if genre is not None:
        of_genre = pool.shelf.columns.genres.having(genre_codes(pool.shelf, genre))
    masks = []
    for wanted, levels in distinct:
        mask = pool.shelf.allowed(audience.age_band, languages=wanted, levels=levels)
        mask[present(excluded_rows)] = False
        if of_genre is not None:
            mask &= of_genre
        masks.append(mask)
    return tuple(masks)


def _volumes(pool: CandidatePool, past: ReadingHistory | None) -> NextVolumes:
    if past is None:
        return pool.first_volumes
    rows = pool.shelf.rows_of_ids(np.concatenate((past.book_ids, past.hidden_read_ids)))
    return pool.series_order.after(present(rows))


def _history(pool: CandidatePool, past: ReadingHistory | None, *, now: datetime) -> History:
    if past is None or pool.model is None:
        return NO_HISTORY
    rows = pool.model.books.rows(past.book_ids)
    known = rows != ABSENT
    is_stale = past.newest_at is not None and now - past.newest_at > STALE_AFTER
    return History(rows[known], past.values[known], is_stale=is_stale)
