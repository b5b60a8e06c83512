from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from apps.catalog.services.book_values import BookInput
from apps.catalog.services.books import save_books
from apps.readers.services import ReaderInput, save_readers
from apps.recommendations.services.auditing import audit_snapshot, audit_split
from apps.recommendations.services.snapshot import Snapshot
from apps.releases.services.kinds import must_stop
from epicml.audience.bands import AgeBand
from epicml.datasets.audit import Finding, Severity
from epicml.datasets.event_log import LogAudit
from epicml.datasets.features import BookFeatures
from epicml.datasets.id_map import IdMap
from epicml.datasets.interactions import Interactions
from epicml.datasets.splits import Split
from tests.apps.recommendations.library import NOON, read, train

BOOKS = 100


def facts(*rows: tuple[int, int, float, int], readers: int) -> Interactions:
    """Facts as (reader, book, value, at)."""
    reader, book, value, at = zip(*rows, strict=True)
    return Interactions.from_rows(reader=reader, book=book, value=value, at=at, n_readers=readers, n_books=BOOKS)


def snapshot(*lengths: int, repeated: int = 0, findings: tuple[Finding, ...] = ()) -> Snapshot:
    """Readers who read so many books each."""
    rows = [(reader, book, 5.0, book) for reader, length in enumerate(lengths) for book in range(length)]
    return Snapshot(
        up_to=NOON,
        books=IdMap.of(range(BOOKS)),
        readers=IdMap.of(range(len(lengths))),
        interactions=facts(*rows, readers=len(lengths)),
        features=BookFeatures.of(age_band=np.zeros(BOOKS, np.int8), popularity=np.zeros(BOOKS)),
        reader_bands=np.zeros(len(lengths), np.int8),
        log=LogAudit(rows_read=len(rows) + repeated, repeated=repeated, findings=findings),
        sha256="",
    )


def found(column: str, data: Snapshot, *, champion_rows: int | None = None) -> list[Finding]:
    return [finding for finding in audit_snapshot(data, champion_rows=champion_rows) if finding.column == column]


class TestAuditSnapshot:
    def test_finds_nothing_in_sound_data(self) -> None:
        assert audit_snapshot(snapshot(*[6] * 30), champion_rows=180) == []

    def test_stops_where_nothing_can_be_kept_for_measuring(self) -> None:
        findings = audit_snapshot(snapshot(1, 1, 1), champion_rows=None)
        assert must_stop(findings)
        assert findings[0].text == "No reader has read two books, so nothing can be kept for measuring."

    def test_goes_on_where_one_reader_has_read_two_books(self) -> None:
        assert not must_stop(audit_snapshot(snapshot(1, 2, 1), champion_rows=None))

    @pytest.mark.parametrize(("champion_rows", "stops"), [(None, False), (0, False), (120, False), (121, True)])
    def test_stops_where_more_than_half_of_the_champions_rows_are_gone(
        self, champion_rows: int | None, stops: bool
    ) -> None:
        findings = found("rows", snapshot(*[6] * 10), champion_rows=champion_rows)
        assert [(one.severity, one.name) for one in findings] == [(Severity.STOP, "rows_lost")] * stops
        assert not must_stop(findings)  # a person may accept it, at the gate

    def test_says_how_many_rows_are_gone(self) -> None:
        (lost,) = found("rows", snapshot(*[6] * 10), champion_rows=1200)
        assert lost.text == "Only 60 rows; the live model was built from 1,200."
        assert (lost.rows, lost.share) == (1140, 0.95)

    def test_counts_what_was_told_again(self) -> None:
        (note,) = found("rows", snapshot(*[6] * 10, repeated=20))
        assert (note.severity, note.rows, note.share) == (Severity.NOTE, 20, 0.25)

    def test_warns_of_a_reader_who_is_a_machine(self) -> None:
        # 12 of 24 * 6 + 12 = 156 rows are 7.7 %, above 5 %.
        (warning,) = found("reader", snapshot(12, *[6] * 24))
        assert (warning.severity, warning.rows, round(warning.share, 4)) == (Severity.WARNING, 12, 0.0769)

    def test_warns_of_nobody_where_readers_are_few(self) -> None:
        assert found("reader", snapshot(30, *[6] * 19)) == []

    def test_counts_readers_of_fewer_than_five_books(self) -> None:
        (note,) = found("reader", snapshot(4, 2, *[5] * 30))
        assert (note.severity, note.rows, note.share) == (Severity.NOTE, 2, 2 / 32)

    @pytest.mark.parametrize(("timeless", "warns"), [(5, False), (6, True), (10, True)])
    def test_warns_where_most_readers_did_everything_at_once(self, timeless: int, warns: bool) -> None:
        rows = [(reader, book, 5.0, 0 if reader < timeless else book) for reader in range(10) for book in range(6)]
        data = replace(snapshot(*[6] * 10), interactions=facts(*rows, readers=10))
        findings = found("at", data)
        assert [(one.severity, one.rows) for one in findings] == [(Severity.WARNING, timeless)] * warns

    def test_does_not_ask_readers_of_one_book_for_an_order(self) -> None:
        assert found("at", snapshot(*[1] * 10, 6)) == []

    def test_puts_what_stops_first(self) -> None:
        warning = Finding(Severity.WARNING, "book", "Unknown book", 0.5, 10)
        findings = audit_snapshot(snapshot(*[4] * 10, repeated=3, findings=(warning,)), champion_rows=1000)
        assert [finding.severity.value for finding in findings] == ["stop", "warning", "note", "note"]


class TestAuditSplit:
    def test_finds_nothing_in_a_cut_by_time(self) -> None:
        train_side, test_side = facts((0, 0, 5, 1), readers=1), facts((0, 1, 5, 2), readers=1)
        assert audit_split(Split(train_side, test_side)) == []

    def test_stops_where_the_model_would_have_seen_the_future(self) -> None:
        train_side, test_side = facts((0, 0, 5, 3), readers=1), facts((0, 1, 5, 2), readers=1)
        assert must_stop(audit_split(Split(train_side, test_side)))

    def test_stops_where_nothing_was_liked_before_the_cut(self) -> None:
        train_side, test_side = facts((0, 0, 3.5, 1), readers=1), facts((0, 1, 5, 2), readers=1)
        (finding,) = audit_split(Split(train_side, test_side))
        assert finding.text == "No reader liked a book before those that are kept for measuring."
        assert must_stop([finding])


class TestMustStop:
    def test_is_for_what_stops_alone(self) -> None:
        warning = Finding(Severity.WARNING, "book", "Unknown book", 0.5, 10)
        assert not must_stop([warning, replace(warning, severity=Severity.NOTE)])
        assert must_stop([warning, replace(warning, severity=Severity.STOP)])


@pytest.mark.django_db
class TestLogThatIsTooSmall:
    """What readers did, as stars per reader in the order of reading; each is refused with a sentence."""

    def log(self, *stars: list[float]) -> None:
        books = [BookInput(key=f"b{n}", title=f"Book {n}", age_band=AgeBand.AGES_0_TO_5) for n in range(4)]
        save_books(books, now=NOON)
        save_readers([ReaderInput(key=f"r{n}", age_band=AgeBand.ADULT) for n in range(len(stars))], now=NOON)
        for reader, values in enumerate(stars):
            for place, value in enumerate(values):
                read(f"r{reader}", [f"b{place}"], at=NOON - timedelta(hours=9 - place), value=value)

    @pytest.mark.parametrize(
        ("stars", "reason"),
        [
            ([[5.0]], "No reader has read two books"),
            ([[5.0], [4.0], [5.0]], "No reader has read two books"),
            ([[2.0, 2.0, 2.0, 2.0]] * 6, "No rating reaches 4 stars."),
            ([[2.0, 5.0], [3.0, 5.0]], "No reader liked a book before"),
            ([[5.0, 2.0], [5.0, 2.0]], "No reader liked an eligible, unread book among those that are kept"),
        ],
    )
    def test_is_refused_by_the_audit(self, stars: list[list[float]], reason: str) -> None:
        self.log(*stars)
        row = train()
        assert row.state == "refused_by_audit"
        assert reason in row.gate_reason
        assert [refusal["acceptable"] for refusal in row.refusals] == [False]
