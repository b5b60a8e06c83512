from epicml.audience.bands import AgeBand
from epicml.search.clauses import Clause, Field, Term
from epicml.search.engine import Batch, ClauseQuery, Hits, LazyHits
from tests.epicml.search.interpreter import titled


class TestBatch:
    def test_asks_everything_at_once_and_gives_the_hits_of_each_back(self) -> None:
        engine, batch = titled("Owl", "Fox"), Batch(AgeBand.ADULT)
        owl, fox = batch.ask(Term(Field.WORD, "owl_"), 5), batch.ask(lambda: Term(Field.WORD, "fox_"), 5)
        batch.execute(engine)
        assert (owl.books, list(fox)) == ([1], [2])
        assert engine.batches == [[Term(Field.WORD, "owl_"), Term(Field.WORD, "fox_")]]

    def test_asks_nothing_where_there_is_nothing_to_ask(self) -> None:
        engine = titled("Owl")
        Batch(AgeBand.ADULT).execute(engine)
        assert engine.batches == []


class TestLazyHits:
    def test_are_found_at_the_first_look_and_once(self) -> None:
        looked: list[Clause] = []

        def answer(ask: ClauseQuery) -> Hits:
            looked.append(ask.clause)
            return Hits([len(looked)], [1.0])

        queries = [ClauseQuery(Term(Field.WORD, token), 1) for token in "abc"]
        hits = LazyHits(queries, answer)
        assert (len(hits), looked) == (3, [])
        assert (hits[2].ids, hits[2].ids) == ([1], [1])
        assert looked == [queries[2].clause]
        assert [hit.ids for hit in hits[:2]] == [[2], [3]]
