import errno
from datetime import UTC, datetime

import pytest

from apps.platform.services import panels
from apps.platform.services.panels import Cell, Column, Panel, register_panel, shown_panels

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_panels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panels, "_registrations", {})


def panel(now: datetime = NOW) -> Panel:
    return Panel(caption=f"as of {now:%H:%M}", columns=(Column("A"), Column("B"), Column("C")), rows=())


def broken(now: datetime) -> Panel:
    raise KeyError("a secret of the inside")


class TestShownPanels:
    def test_stand_in_their_order_whichever_app_was_first(self) -> None:
        register_panel("last", "Last", panel, order=30)
        register_panel("b", "B", panel, order=10)
        register_panel("a", "A", panel, order=10)
        assert [shown.title for shown in shown_panels(now=NOW, may=lambda _: False)] == ["A", "B", "Last"]

    def test_are_made_for_the_moment(self) -> None:
        register_panel("a", "A", panel, order=10)
        (shown,) = shown_panels(now=NOW, may=lambda _: False)
        assert shown.panel is not None
        assert shown.panel.caption == "as of 12:00"

    def test_that_need_a_permission_are_not_even_made_without_it(self) -> None:
        register_panel("a", "A", broken, order=10, permission="books.view_book")
        assert shown_panels(now=NOW, may={"books.view_author"}.__contains__) == []
        assert len(shown_panels(now=NOW, may={"books.view_book"}.__contains__)) == 1

    def test_one_that_fails_says_so_and_leaves_the_others_alone(self, caplog: pytest.LogCaptureFixture) -> None:
        register_panel("a", "A", broken, order=10)
        register_panel("b", "B", panel, order=20)

        first, second = shown_panels(now=NOW, may=lambda _: False)

        assert (first.title, first.panel) == ("A", None)
        assert first.problem == "What belongs here could not be read; the log says why."
        assert second.panel is not None
        assert "The panel a failed" in caplog.text

    def test_one_that_something_behind_it_stopped_names_that(self) -> None:
        def no_room(now: datetime) -> Panel:
            raise OSError(errno.ENOSPC, "No space left on device")

        register_panel("a", "A", no_room, order=10)
        (shown,) = shown_panels(now=NOW, may=lambda _: False)
        assert (shown.panel, shown.problem) == (None, "There is no room to store anything.")


class TestLaidOut:
    def test_the_last_cell_of_a_short_row_fills_what_is_left(self) -> None:
        columns = (Column("A"), Column("B"), Column("C"))
        rows = ((Cell("1"), Cell("2"), Cell("3")), (Cell("1"), Cell("rest")))
        laid_out = Panel(caption="", columns=columns, rows=rows).laid_out()
        assert [[(column.title, cell.text, span) for column, cell, span in row] for row in laid_out] == [
            [("A", "1", 1), ("B", "2", 1), ("C", "3", 1)],
            [("A", "1", 1), ("B", "rest", 2)],
        ]
