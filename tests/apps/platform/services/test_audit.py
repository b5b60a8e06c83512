from datetime import datetime, timedelta

import pytest

from apps.platform.models import AppendOnlyError, AuditEntry
from apps.platform.services.audit import Action, Actor, purge_audit, record, record_each
from apps.platform.services.logs import request_id

pytestmark = pytest.mark.django_db
ADA = Actor("staff ada", "192.0.2.1")


class TestRecord:
    def test_says_who_did_what_with_whom_from_where_and_in_which_request(self, now: datetime) -> None:
        token = request_id.set("from-proxy.42")
        try:
            record(Action.READER_SEEN, by=ADA, subject="f" * 64, now=now)
        finally:
            request_id.reset(token)
        (entry,) = AuditEntry.objects.values("at", "action", "actor", "subject", "about", "address", "request_id")
        assert entry == {
            "at": now,
            "action": "reader_seen",
            "actor": "staff ada",
            "subject": "f" * 64,
            "about": "",
            "address": "192.0.2.1",
            "request_id": "from-proxy.42",
        }

    def test_cuts_what_is_too_long_for_its_column(self, now: datetime) -> None:
        record(Action.CHANGED_MANY, by=Actor("a" * 500), about="b" * 500, now=now)
        assert [(len(entry.actor), len(entry.about)) for entry in AuditEntry.objects.all()] == [(200, 200)]

    def test_has_an_entry_for_each_of_many(self, now: datetime) -> None:
        record_each(Action.READER_LISTED, by=ADA, subjects=["a", "b", "c"], now=now)
        assert sorted(AuditEntry.objects.values_list("subject", flat=True)) == ["a", "b", "c"]


class TestAuditEntry:
    def test_is_neither_changed_nor_deleted(self, now: datetime) -> None:
        record(Action.LOGGED_IN, by=ADA, now=now)
        entry = AuditEntry.objects.get()
        for attempt in (
            entry.save,
            entry.delete,
            AuditEntry.objects.all().delete,
            lambda: AuditEntry.objects.update(actor="staff eve"),
        ):
            with pytest.raises(AppendOnlyError):
                attempt()
        assert AuditEntry.objects.get().actor == "staff ada"


class TestPurgeAudit:
    def test_forgets_addresses_after_a_month_and_entries_after_a_year(self, now: datetime) -> None:
        for days in (0, 29, 31, 364, 366):
            record(Action.LOGGED_IN, by=ADA, about=f"{days} days", now=now - timedelta(days=days))
        assert purge_audit(now=now) == 1
        assert dict(AuditEntry.objects.values_list("about", "address")) == {
            "0 days": "192.0.2.1",
            "29 days": "192.0.2.1",
            "31 days": None,
            "364 days": None,
        }
