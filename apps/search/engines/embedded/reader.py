"""Answering plans from a tantivy index: for any number of threads and processes, beside the one that writes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tantivy
from tantivy import Query

from apps.search.engines.embedded.compiler import compile_clause, for_audience
from apps.search.engines.embedded.faults import told_apart
from apps.search.engines.embedded.private import PrivateFiles
from apps.search.engines.embedded.publication import PUBLISHED, Publication, Stamp, published, published_stamp
from apps.search.engines.embedded.schema import CURSOR, CURSOR_MARK, ID, POPULARITY, schema
from apps.search.engines.protocol import IndexBrokenError
from epicml.audience.bands import AgeBand
from epicml.search import completion
from epicml.search.clauses import Field, Fuzzy, Term
from epicml.search.completion import Found
from epicml.search.corrections import Find
from epicml.search.fields import word_token
from epicml.search.lexicon import Lexicon
from epicml.search.plan import Typed, names


class EmbeddedEngine:
    """An index, seen as it was at the last refresh; it answers from private files, whatever becomes of them."""

    name = "embedded"

    def __init__(
        self, folder: Path, *, files: PrivateFiles, publication: Publication, stamp: Stamp | None, lexicon: Lexicon
    ) -> None:
        """Open what was published in this folder at the time of the stamp; None where nobody will publish in it."""
        self.folder = folder
        self.lexicon = lexicon.also_knowing(self._has_word)
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
            self._warm()

    def refresh(self) -> None:
        """What was published up to now is seen; costs one look at a file where nothing was.

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
        return self._searcher

    def suggest(self, typed: Typed, *, audience: AgeBand, limit: int) -> Found:
        return completion.complete(typed, lexicon=self.lexicon, find=self._finding(audience), limit=limit)

    def names(self, typed: Typed, *, audience: AgeBand, limit: int) -> list[int]:
        return self._finding(audience)(names(typed), limit) if typed.words else []

    def search(self, typed: Typed, *, audience: AgeBand, limit: int) -> Found:
        return completion.search(typed, lexicon=self.lexicon, find=self._finding(audience), limit=limit)

    def _finding(self, audience: AgeBand) -> Find:
        return lambda clause, limit: self._find(for_audience(compile_clause(clause), audience), limit)

    def _has_word(self, word: str) -> bool:
        return bool(self._find(compile_clause(Term(Field.WORD, word_token(word))), 1))

    def _find(self, query: Query, limit: int) -> list[int]:
        searcher = self._searcher
        with told_apart(self.folder):
            hits = searcher.search(query, limit, count=False, weight_by_field=POPULARITY).hits
            values = searcher.fast_field_values(ID, [address for _, address in hits])
        return [int(value) for value in values if value is not None]

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

    def _warm(self) -> None:
        # The first fuzzy query of a process builds tantivy's automata: 20 ms for each number of edits.
        for edits in (1, 2):
            self._find(compile_clause(Fuzzy(Field.START, "warm", edits=edits)), 1)

    @contextmanager
    def _opened(self, publication: Publication) -> Iterator[None]:
        """Inside, the files of this publication can be opened; afterwards nobody finds them any more."""
        self._files.take(publication)
        try:
            with told_apart(self.folder):
                yield
        finally:
            self._files.hide()
