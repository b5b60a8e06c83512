"""Answering plans from a tantivy index: for any number of threads and processes, beside the one that writes."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tantivy
from tantivy import Query

from apps.search.engines.embedded.compiler import compile_clause, for_audience
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

META = "meta.json"


class EmbeddedEngine:
    """An index on disk, seen as it was at the last refresh."""

    name = "embedded"

    def __init__(self, folder: Path, *, lexicon: Lexicon) -> None:
        """Open the index in this folder for reading."""
        self.folder = folder
        self.lexicon = lexicon.also_knowing(self._has_word)
        self._meta = str(folder / META)
        with self._readable():
            self._stamp = self._read_stamp()
            self._index = tantivy.Index.open(str(folder))
            if not self._index.schema == schema():  # tantivy defines == only
                raise IndexBrokenError(folder, "it is of another form than this program reads")
            self._index.config_reader("manual")
            self._look()
            self._warm()

    def refresh(self) -> None:
        """What was committed up to now is seen; costs one look at a file where nothing was."""
        with self._readable():
            stamp = self._read_stamp()
            if stamp != self._stamp:
                self._look()
                self._stamp = stamp

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
        with self._readable():
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

    def _read_stamp(self) -> tuple[int, int]:
        stat = os.stat(self._meta)  # half the time of a Path, on every suggestion
        return stat.st_mtime_ns, stat.st_ino

    @contextmanager
    def _readable(self) -> Iterator[None]:
        """What tantivy says of damaged files, panics included, becomes the one error that has a fallback."""
        try:
            yield
        except (ValueError, OSError) as error:
            raise IndexBrokenError(self.folder, str(error)) from error
        except BaseException as error:
            if type(error).__name__ != "PanicException":  # not importable: it is made inside the extension
                raise
            raise IndexBrokenError(self.folder, f"tantivy panicked: {error}") from error
