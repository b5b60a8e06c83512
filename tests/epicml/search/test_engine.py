from epicml.audience.bands import AgeBand
from epicml.search.clauses import Clause, Field, Term
from epicml.search.engine import Ask, Batch, Hits, HitsOnDemand
from tests.epicml.search.interpreter import titled


class TestBatch:
    def test_asks_everything_at_once_and_gives_each_answer_back(self) -> None:
        engine, batch = titled("Owl", "Fox"), Batch(AgeBand.ADULT)
        owl, fox = batch.ask(Term(Field.WORD, "owl_"), 5), batch.ask(lambda: Term(Field.WORD, "fox_"), 5)
        batch.execute(engine)
        assert (owl.books, list(fox)) == ([1], [2])
        assert engine.batches == [[Term(Field.WORD, "owl_"), Term(Field.WORD, "fox_")]]

    def test_asks_nothing_where_there_is_nothing_to_ask(self) -> None:
        engine = titled("Owl")
        Batch(AgeBand.ADULT).execute(engine)
        assert engine.batches == []


class TestHitsOnDemand:
    def test_are_found_at_the_first_look_and_once(self) -> None:
        looked: list[Clause] = []

        def answer(ask: Ask) -> Hits:
            looked.append(ask.clause)
            return Hits([len(looked)], [1.0])

        asks = [Ask(Term(Field.WORD, token), 1) for token in "abc"]
        hits = HitsOnDemand(asks, answer)
        assert (len(hits), looked) == (3, [])
        assert (hits[2].ids, hits[2].ids) == ([1], [1])
        assert looked == [asks[2].clause]
        assert [hit.ids for hit in hits[:2]] == [[2], [3]]
