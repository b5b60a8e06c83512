from dataclasses import replace

import pytest

from apps.releases.services.kinds import (
    AuditRefusedError,
    UnknownKindError,
    register_kind,
    release_kind,
    release_kinds,
    rule_words,
)
from epicml.datasets.audit import Finding, Severity
from tests.apps.releases.numbers import KIND, NumberKind


class TestReleaseKind:
    def test_is_known_by_its_name(self, numbers: NumberKind) -> None:
        assert release_kind(KIND).title == "Numbers"

    def test_is_replaced_when_its_name_is_registered_again(self, numbers: NumberKind) -> None:
        register_kind(replace(release_kind(KIND), title="Other numbers"))
        assert release_kind(KIND).title == "Other numbers"
        assert [kind.name for kind in release_kinds()].count(KIND) == 1

    def test_names_all_that_are_known_where_there_is_no_such_kind(self, numbers: NumberKind) -> None:
        with pytest.raises(
            UnknownKindError,
            match=r"^There is no kind of release 'soup'; known are numbers, recommender, search_index\.$",
        ):
            release_kind("soup")

    def test_stands_in_the_order_of_names(self, numbers: NumberKind) -> None:
        assert [kind.name for kind in release_kinds()] == ["numbers", "recommender", "search_index"]


class TestEveryKind:
    """Of the product itself."""

    @pytest.mark.parametrize("name", ["recommender", "search_index"])
    def test_asks_a_question_and_has_rules(self, name: str) -> None:
        kind = release_kind(name)
        assert kind.question.endswith("?")
        assert len({rule.key for rule in kind.rules}) == len(kind.rules) > 0

    @pytest.mark.parametrize("name", ["recommender", "search_index"])
    def test_has_words_for_each_rule(self, name: str) -> None:
        kind = release_kind(name)
        assert set(kind.words) == {rule.key for rule in kind.rules}
        for words in kind.words.values():
            assert words.refusal.endswith(".")
            assert bool(words.one) == bool(words.many)


class TestRuleWords:
    def test_are_those_of_the_kind(self, numbers: NumberKind) -> None:
        assert rule_words("numbers")["small"].refusal == "It is large."

    def test_of_an_unknown_kind_are_none(self) -> None:
        assert rule_words("soup") == {}


class TestAuditRefusedError:
    def test_says_what_stops_and_keeps_every_finding(self) -> None:
        findings = [
            Finding(Severity.STOP, "rows", "There are no rows.", 1.0, 0),
            Finding(Severity.WARNING, "book", "Unknown book", 0.1, 3),
            Finding(Severity.STOP, "value", "No rating reaches 4 stars.", 1.0, 0),
        ]
        error = AuditRefusedError(findings)
        assert error.message == "The audit refuses the data: There are no rows. No rating reaches 4 stars."
        assert (error.code, error.status, error.findings) == ("refused_by_audit", 409, findings)
