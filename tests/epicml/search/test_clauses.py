from dataclasses import FrozenInstanceError

import pytest

from epicml.search.clauses import Best, Every, Field, Fuzzy, Relevance, Term


class TestClauses:
    def test_are_values(self) -> None:
        assert Every([Term(Field.WORD, "owl_")], 0.6) == Every([Term(Field.WORD, "owl_")], 0.6)
        assert Term(Field.WORD, "owl") != Term(Field.START, "owl")
        assert Fuzzy(Field.START, "owl", edits=1) != Fuzzy(Field.START, "owl", edits=2)

    def test_weigh_one_where_nothing_is_said(self) -> None:
        term, fuzzy, every = Term(Field.WORD, "owl"), Fuzzy(Field.WORD, "owl", edits=1), Every([])
        assert (term.weight, fuzzy.weight, every.weight) == (1.0, 1.0, 1.0)

    @pytest.mark.parametrize("clause", [Term(Field.WORD, "owl"), Best([]), Relevance(Field.STEM, ("owl",), every=True)])
    def test_cannot_be_changed(self, clause: Term | Best | Relevance) -> None:
        name = "token" if isinstance(clause, Term) else next(iter(clause.__slots__))
        with pytest.raises((FrozenInstanceError, AttributeError)):
            setattr(clause, name, "another")


class TestField:
    def test_is_written_into_indexes_under_names_that_never_change(self) -> None:
        names = ["exact", "start", "reading", "inner", "author", "series", "word", "stem", "isbn"]
        assert [field.value for field in Field] == names
