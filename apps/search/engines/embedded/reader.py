"""Answering batches from a tantivy index: for any number of threads and processes, beside the one that writes."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import numpy as np
import tantivy
from tantivy import DocAddress, Query

from apps.search.engines.embedded.compiler import compile_clause, for_audience
from apps.search.engines.embedded.faults import told_apart
from apps.search.engines.embedded.private import PrivateFiles
from apps.search.engines.embedded.publication import PUBLISHED, Publication, Stamp, published, published_stamp
from apps.search.engines.embedded.schema import CURSOR, CURSOR_MARK, ID, POPULARITY, schema
from apps.search.engines.protocol import IndexBrokenError
from epicml.search.clauses import Field, Fuzzy
from epicml.search.engine import ClauseQuery, Hits, LazyHits
from epicml.search.lexicon import Lexicon

# Books of one score beyond the limit that are put in order: in a library without popularity a letter gives thousands
# the same. Which of still more are among the hits is left to the order of writing, for reading all would cost a request
# milliseconds.
MOST_TIED = 1_000


class EmbeddedEngine:
    """An index, seen as it was at the last refresh; it answers from private files, whatever becomes of them."""

    name = "embedded"

    def __init__(
        self, folder: Path, *, files: PrivateFiles, publication: Publication, stamp: Stamp | None, lexicon: Lexicon
    ) -> None:
        """Open what was published in this folder at the time of the stamp; None where nobody will publish in it."""
        self.folder = folder
        self.lexicon = lexicon
        self.is_stuck = False  # it could not follow a commit, and must be opened anew to see it
        self._files, self._stamp = files, stamp
        self._published = str(folder / PUBLISHED)
        self._refreshing = threading.Lock()
        with self._opened(publication):
            self._index = tantivy.Index.open(str(files.folder))
            if not self._index.schema == schema():  # tantivy defines == only
                raise IndexBrokenError(folder, "it is of another form than this program reads")
            self._index.config_reader("manual")
            self._look()
            # The first fuzzy query of a process builds tantivy's automata: 20 ms for each number of edits.
            for edits in (1, 2):
                _ = self.execute([ClauseQuery(Fuzzy(Field.START, "warm", edits=edits), 1)])[0]

    def refresh(self) -> None:
        """See what was published up to now; costs one look at a file where nothing was.

        While one thread looks the others go on with what they see.

        Raises:
            IndexBrokenError: what was published cannot be read; what was seen before answers on.
        """
        if published_stamp(self._published) == self._stamp or not self._refreshing.acquire(blocking=False):
            return
        try:
            stamp = published_stamp(self._published)
            if stamp is not None and stamp != self._stamp and not self.is_stuck:
                with self._opened(published(self.folder)):
                    self._look()
                self._stamp = stamp
        except IndexBrokenError:
            self.is_stuck = True
            raise
        finally:
            self._refreshing.release()

    @property
    def state(self) -> object:
        return self._seen

    def execute(self, queries: Sequence[ClauseQuery]) -> Sequence[Hits]:
        searcher = self._searcher  # one for the whole batch, whatever is committed meanwhile
        return LazyHits(queries, lambda ask: self._hits(searcher, ask))

    def _hits(self, searcher: tantivy.Searcher, ask: ClauseQuery) -> Hits:
        query = for_audience(compile_clause(ask.clause), ask.audience)
        with told_apart(self.folder):
            # One more than asked for tells whether books of one score lie on both sides of the limit.
            found = searcher.search(query, ask.limit + 1, count=False, weight_by_field=POPULARITY).hits
            if len(found) > ask.limit and found[ask.limit][0] == found[ask.limit - 1][0]:
                most = ask.limit + MOST_TIED
                found = searcher.search(query, most, count=False, weight_by_field=POPULARITY).hits
            return self._in_order(searcher, found, ask.limit)

    @staticmethod
    def _in_order(searcher: tantivy.Searcher, found: Sequence[tuple[float, DocAddress]], limit: int) -> Hits:
        """Read off the books; tantivy leaves those of one score in the order in which they were written."""
        addresses, scores = [address for _, address in found], [score for score, _ in found]
        ids = cast("list[int]", searcher.fast_field_values(ID, addresses))  # every book has its own
        if len(set(scores)) < len(scores):
            values = np.array(scores, dtype=np.float32)
            is_equal = values[1:] == values[:-1]
            places = np.flatnonzero(np.append(is_equal, False) | np.insert(is_equal, 0, False)).tolist()
            tied_addresses = [addresses[place] for place in places]
            popularity = cast("list[int]", searcher.fast_field_values(POPULARITY, tied_addresses))
            ordered = sorted(
                (-scores[place], -popular, ids[place]) for place, popular in zip(places, popularity, strict=True)
            )
            for place, (_, _, book) in zip(places, ordered, strict=True):
                ids[place] = book
        return Hits(ids[:limit], scores[:limit])

    def _look(self) -> None:
        """See the newest commit, and up to which change of the catalogue it goes."""
        self._index.reload()
        searcher = self._index.searcher()
        hits = searcher.search(Query.term_query(schema(), CURSOR_MARK, CURSOR_MARK, "basic"), 1).hits
        if not hits:
            raise IndexBrokenError(self.folder, "it does not say up to which change it goes")
        self.cursor = int(searcher.doc(hits[0][1]).get_first(CURSOR) or 0)
        self.books = searcher.num_docs - 1
        self._searcher = searcher
        # After it, so that no older answer goes for one of this state; not the searcher, which would keep files open.
        self._seen = object()

    @contextmanager
    def _opened(self, publication: Publication) -> Iterator[None]:
        """Let the files of this publication be opened inside; afterwards nobody finds them any more."""
        self._files.take(publication)
        try:
            with told_apart(self.folder):
                yield
        finally:
            self._files.hide()
