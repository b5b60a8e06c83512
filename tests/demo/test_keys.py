import stat
from datetime import datetime
from pathlib import Path

import pytest

from apps.platform.models import ApiKey
from apps.platform.selectors.api_keys import key_of_secret, reset_key_cache
from apps.platform.services.api_keys import PUBLIC_SCOPES, SCOPES, create_api_key, revoke_api_key
from demo import keys
from demo.keys import TooManyOriginsError, server_key, storefront_key
from epicml.audience.bands import AgeBand

pytestmark = pytest.mark.django_db


class TestStorefrontKey:
    def test_is_public_and_bound_to_its_origin(self, now: datetime) -> None:
        key = key_of_secret(storefront_key("http://localhost:8000", now=now), now=now)

        assert key is not None
        assert key.public
        assert key.origins == {"http://localhost:8000"}
        assert key.scopes == set(PUBLIC_SCOPES)
        assert (key.standing.highest, key.standing.unproven) == (AgeBand.ADULT, AgeBand.AGES_0_TO_5)

    def test_is_made_anew_where_the_version_before_made_one_that_shows_less(self, now: datetime) -> None:
        first = storefront_key("http://localhost:8000", now=now)
        ApiKey.objects.update(highest_band=0, unproven_band=None)
        reset_key_cache()

        assert storefront_key("http://localhost:8000", now=now) != first

    def test_stays_the_same_for_an_origin(self, now: datetime) -> None:
        first = storefront_key("http://localhost:8000", now=now)

        assert storefront_key("http://localhost:8000", now=now) == first
        assert storefront_key("http://localhost:9000", now=now) != first

    def test_is_made_anew_after_it_was_revoked(self, now: datetime) -> None:
        first = storefront_key("http://localhost:8000", now=now)
        record = key_of_secret(first, now=now)
        assert record is not None
        revoke_api_key(record.id, now=now)

        assert storefront_key("http://localhost:8000", now=now) != first

    def test_refuses_more_origins_than_a_demo_has(self, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(keys, "MOST_ORIGINS", 1)
        storefront_key("http://localhost:8000", now=now)

        with pytest.raises(TooManyOriginsError):
            storefront_key("http://localhost:8001", now=now)


class TestServerKey:
    def test_holds_all_scopes_and_is_kept_in_a_private_file(self, now: datetime, tmp_path: Path) -> None:
        path = tmp_path / "key"
        secret = server_key(path, now=now)

        key = key_of_secret(secret, now=now)
        assert key is not None
        assert key.scopes == set(SCOPES)
        assert server_key(path, now=now) == secret
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_is_made_anew_where_the_version_before_knew_fewer_scopes(self, now: datetime, tmp_path: Path) -> None:
        path = tmp_path / "key"
        path.write_text(create_api_key(name="before", scopes=SCOPES[:-1], now=now).secret)

        key = key_of_secret(server_key(path, now=now), now=now)
        assert key is not None
        assert key.scopes == set(SCOPES)

    def test_is_made_anew_for_another_database(self, now: datetime, tmp_path: Path) -> None:
        path = tmp_path / "key"
        path.write_text("epic_sk_of_a_database_that_is_gone")

        assert key_of_secret(server_key(path, now=now), now=now) is not None
