"""Access that was taken away stays taken away: keys that were revoked, and staff who left or chose a new password."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.utils.dateparse import parse_datetime

from apps.platform.models import ApiKey
from apps.platform.services.backup.parts import JSON

FLAGS = ("is_active", "is_staff", "is_superuser")
GONE = {"is_active": False, "is_staff": True, "is_superuser": True}  # of a log-in that was removed: nobody may use it


def carry_access() -> JSON:
    """List which keys are revoked, and what each member of the staff may do."""
    revoked = [(key.digest, key.revoked_at) for key in ApiKey.objects.exclude(revoked_at=None)]
    staff = User.objects.values("username", "date_joined", "password", *FLAGS)
    return {
        "revoked_keys": {digest: at.isoformat() for digest, at in revoked if at},
        "staff": [{**user, "date_joined": user["date_joined"].isoformat()} for user in staff],
    }


def reapply_access(carried: Sequence[JSON], now: datetime) -> str:
    """Revoke again the keys that were revoked since the backup, and take back the rights that were since."""
    revoked = {digest: at for some in carried for digest, at in some["revoked_keys"].items()}
    keys = sum(
        ApiKey.objects.filter(digest=digest, revoked_at=None).update(revoked_at=parse_datetime(at))
        for digest, at in revoked.items()
    )
    people = _reapply_staff(carried[-1]["staff"]) if carried else 0  # closed and opened again: the newest word counts
    sentences = [f"{keys:,} API keys were revoked since and stay so"] * bool(keys)
    sentences += [f"{people:,} staff log-ins were closed or changed since and stay so"] * bool(people)
    return f"{'; '.join(sentences)}." if sentences else ""


def _reapply_staff(staff: Sequence[JSON]) -> int:
    """Take the rights and passwords that log-ins had since, none for removed ones; returns how many changed."""
    known = {(user["username"], parse_datetime(user["date_joined"])): user for user in staff}
    restored = list(User.objects.all())
    if not any((user.username, user.date_joined) in known for user in restored):
        return 0  # of another library: it says nothing of these people
    return sum(_take_over(user, known.get((user.username, user.date_joined), GONE)) for user in restored)


def _take_over(restored: User, since: JSON) -> bool:
    changes = {flag: False for flag in FLAGS if getattr(restored, flag) and not since[flag]}
    if restored.password != since.get("password", restored.password):
        changes["password"] = since["password"]
    if changes:
        User.objects.filter(pk=restored.pk).update(**changes)
    return bool(changes)
