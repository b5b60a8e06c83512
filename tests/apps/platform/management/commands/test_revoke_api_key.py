from datetime import datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.platform.models import ApiKey
from apps.platform.services.api_keys import create_api_key

pytestmark = pytest.mark.django_db


class TestRevokeApiKey:
    def test_finds_the_key_by_the_start_of_its_secret(self, now: datetime) -> None:
        key = create_api_key(name="shop", scopes=["search:read"], now=now)
        out = StringIO()
        call_command("revoke_api_key", key.prefix, stdout=out)
        assert "refused everywhere within 5 seconds" in out.getvalue()
        assert ApiKey.objects.get().revoked_at is not None

    def test_fails_with_one_sentence(self, now: datetime) -> None:
        key = create_api_key(name="shop", scopes=["search:read"], now=now)
        call_command("revoke_api_key", str(key.id), stdout=StringIO())
        for again in (str(key.id), "epic_sk_none", "99"):
            with pytest.raises(CommandError, match=r"revoked already|no API key"):
                call_command("revoke_api_key", again)
