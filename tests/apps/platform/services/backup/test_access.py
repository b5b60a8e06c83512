from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from apps.platform.models import ApiKey
from apps.platform.selectors.api_keys import key_of_secret
from apps.platform.services.api_keys import create_api_key, revoke_api_key
from apps.platform.services.backup.access import carry_access, reapply_access

pytestmark = pytest.mark.django_db


def person(name: str, now: datetime, **rights: Any) -> User:
    return User.objects.create(username=name, password="hash-1", date_joined=now, is_staff=True, **rights)


class TestKeys:
    def test_one_that_was_revoked_since_is_revoked_again(self, now: datetime) -> None:
        key = create_api_key(name="shop", scopes=["search:read"], now=now)
        other = create_api_key(name="desk", scopes=["search:read"], now=now)
        later = now + timedelta(hours=1)
        revoke_api_key(key.id, now=later)
        carried = carry_access()
        ApiKey.objects.update(revoked_at=None)  # as in the backup

        assert reapply_access([carried], now) == "1 API keys were revoked since and stay so."

        assert key_of_secret(key.secret, now=now) is None
        assert key_of_secret(other.secret, now=now) is not None
        assert ApiKey.objects.get(pk=key.id).revoked_at == later

    def test_a_revocation_that_any_backup_knows_counts(self, now: datetime) -> None:
        key = create_api_key(name="shop", scopes=["search:read"], now=now)
        revoke_api_key(key.id, now=now)
        knows = carry_access()
        ApiKey.objects.update(revoked_at=None)

        reapply_access([knows, {"revoked_keys": {}, "staff": []}], now)

        assert key_of_secret(key.secret, now=now) is None


class TestStaff:
    def test_who_was_closed_or_removed_since_does_not_come_back(self, now: datetime) -> None:
        for name in ("ada", "eve", "max"):
            person(name, now)
        User.objects.filter(username="eve").update(is_active=False)
        carried = carry_access()
        carried["staff"] = [user for user in carried["staff"] if user["username"] != "max"]
        User.objects.update(is_active=True)

        assert reapply_access([carried], now) == "2 staff log-ins were closed or changed since and stay so."

        assert dict(User.objects.values_list("username", "is_active")) == {"ada": True, "eve": False, "max": False}

    def test_a_password_that_was_changed_since_stays_changed(self, now: datetime) -> None:
        ada = person("ada", now)
        User.objects.filter(pk=ada.pk).update(password="hash-2")
        carried = carry_access()
        User.objects.filter(pk=ada.pk).update(password="hash-1")

        reapply_access([carried], now)

        assert User.objects.get(pk=ada.pk).password == "hash-2"

    def test_who_lost_rights_does_not_get_them_back_and_nobody_gets_more(self, now: datetime) -> None:
        ada, eve = person("ada", now, is_superuser=True), person("eve", now)
        carried = carry_access()
        for user in carried["staff"]:
            user["is_superuser"] = not user["is_superuser"]

        reapply_access([carried], now)

        assert not User.objects.get(pk=ada.pk).is_superuser
        assert not User.objects.get(pk=eve.pk).is_superuser

    def test_opened_again_counts_when_it_is_the_newest_word(self, now: datetime) -> None:
        person("ada", now)
        opened = carry_access()
        closed = {**opened, "staff": [{**user, "is_active": False} for user in opened["staff"]]}

        assert reapply_access([closed, opened], now) == ""
        assert User.objects.get().is_active

    def test_of_another_library_says_nothing_of_these_people(self, now: datetime) -> None:
        """A new machine that was set up with the same names must not lock everybody out."""
        person("ada", now)
        stranger = {"username": "ada", "date_joined": (now + timedelta(days=9)).isoformat(), "password": "hash-9"}
        rights = {"is_active": False, "is_staff": False, "is_superuser": False}

        assert reapply_access([{"revoked_keys": {}, "staff": [{**stranger, **rights}]}], now) == ""
        assert User.objects.get().is_active
