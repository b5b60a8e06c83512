"""The change log: numbered in the transaction of the change itself, told to whoever registered."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db import connection

from apps.catalog.models import Change

# A sequence alone hands out 7 and 8 and may commit 8 first; a follower that has seen 8 would never see 7.
# Writers of the catalogue therefore go one after the other (SQLite: BEGIN IMMEDIATE does the same).
CHANGE_LOCK = 0x0EB1C

ChangeHook = Callable[[int, datetime], None]
_hooks: list[ChangeHook] = []


def on_change(hook: ChangeHook) -> None:
    """Call the hook with the last number and the time, in the transaction of every change from now on."""
    if hook not in _hooks:
        _hooks.append(hook)


def lock_change_log() -> None:
    """Let no other writer of the catalogue get a number before this transaction ends."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHANGE_LOCK])


def record_changes(book_ids: Iterable[int], *, kind: Change.Kind, now: datetime) -> None:
    """Give each of these books a new number in the log, and tell the hooks the last one."""
    changes = Change.objects.bulk_create(Change(book_id=book_id, kind=kind, at=now) for book_id in book_ids)
    if changes:
        last = max(change.number for change in changes)
        for hook in _hooks:
            hook(last, now)
