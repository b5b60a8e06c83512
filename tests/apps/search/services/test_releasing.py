from dataclasses import replace

from apps.catalog.services.books import delete_books, save_books
from apps.releases.selectors.live import live_key
from apps.releases.services.kinds import register_kind
from apps.releases.services.promotion import promote_release, roll_back
from apps.search.services.releasing import SEARCH_INDEX, rebuild_index
from epicml.evaluation.report import Measure, Report
from epicml.evaluation.search import SEARCH_RULES
from tests.apps.catalog.samples import a_book
from tests.apps.search import library
from tests.apps.search.library import NOON
from tests.apps.search.searching import EmbeddedSearch, found, keys, searched


def live() -> str | None:
    found = live_key("search_index")
    return found[0] if found else None


class TestRebuildIndex:
    def test_puts_a_whole_index_through_its_gate_and_serves_it(self, full_library: None) -> None:
        row = library.rebuild()
        assert (row.state, row.gate_passed, live()) == ("live", True, row.key)
        answer = searched("holes")
        assert (keys(answer), answer.release, answer.fallback) == (["holes"], row.key, None)

    def test_leaves_a_passed_index_waiting_unless_told_to_promote(self, full_library: None, quick_gate: None) -> None:
        row = library.rebuild(promote=False)
        assert (row.state, live()) == ("passed", None)
        promote_release("search_index", row.key, decided_by="ada", why="", now=NOON)
        assert searched("holes").release == row.key

    def test_keeps_the_live_index_when_the_gate_refuses_the_new_one(self, full_library: None, quick_gate: None) -> None:
        first = library.rebuild()

        def shows_what_it_must_not(*handed_over: object) -> Report:
            return Report("staged", (Measure("above_age_band", "Suggestions above the age band", 3),))

        age_rule = tuple(rule for rule in SEARCH_RULES if rule.key == "age_band")
        register_kind(replace(SEARCH_INDEX, evaluate=shows_what_it_must_not, rules=age_rule))
        second = library.rebuild()
        assert (second.state, live()) == ("refused", first.key)
        assert "age band" in second.gate_headline

    def test_can_be_rolled_back(self, full_library: None, quick_gate: None) -> None:
        first = library.rebuild()
        library.rebuild()
        save_books([a_book("new", title="Zebra", series=None)], now=NOON)
        roll_back("search_index", decided_by="tom", why="worse", now=NOON)
        engine = EmbeddedSearch().engine()
        assert searched("zebra").release == first.key == live()
        assert found(engine, "zebra") == ["new"]  # saved after the first was built, and not lost by going back


class TestWritesDuringARebuild:
    def test_are_replayed_where_the_book_was_read_before_them(self, full_library: None, quick_gate: None) -> None:
        def write(done: int, total: int, text: str) -> None:
            if text.endswith("books indexed"):  # every book was read; nothing is sealed yet
                save_books(
                    [a_book("new", title="Zebra", series=None), a_book("holes", title="Yak", series=None)], now=NOON
                )
                delete_books(["matilda"], now=NOON)

        rebuild_index(created_by="ada", why="", clock=lambda: NOON, promote=True, progress=write)
        engine = EmbeddedSearch().engine()
        assert [found(engine, text) for text in ("zebra", "yak", "holes", "matilda")] == [["new"], ["holes"], [], []]
        assert engine.engine.books == len(library.books())  # type: ignore[attr-defined]
