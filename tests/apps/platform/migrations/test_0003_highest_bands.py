from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connection

from apps.platform.models import ApiKey

FORMER = (
    "INSERT INTO platform_apikey (name, prefix, digest, scopes, public, origins, created_at) "
    "VALUES (%s, 'epic_', %s, 'search:read', %s, %s, '2026-11-01')"
)


@pytest.fixture
def former(transactional_db: None) -> Iterator[None]:
    """The tables of the version before."""
    call_command("migrate", "platform", "0002", verbosity=0)
    yield
    call_command("migrate", "platform", verbosity=0)


@pytest.mark.usefixtures("former")
class TestHighestBands:
    def test_public_keys_get_the_youngest_and_server_keys_none(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(FORMER, ["page", "1", True, "https://library.example"])
            cursor.execute(FORMER, ["server", "2", False, ""])

        call_command("migrate", "platform", verbosity=0)

        bands = ApiKey.objects.order_by("digest").values_list("name", "highest_band", "unproven_band")
        assert list(bands) == [("page", 0, None), ("server", None, None)]
