from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from apps.platform.models import ApiKey
from apps.platform.selectors.api_keys import KEY_CACHE_SECONDS, key_of_secret, public_origins, reset_key_cache
from apps.platform.services.api_keys import (
    PUBLIC_SCOPES,
    SCOPES,
    ApiKeyNotFoundError,
    ApiKeyRevokedError,
    InvalidKeyError,
    create_api_key,
    key_id_of_prefix,
    record_use,
    revoke_api_key,
)
from apps.platform.services.errors import ConflictError
from epicml.audience.bands import AgeBand

pytestmark = pytest.mark.django_db
SHOP = "https://library.example"
ROW = {"name": "x", "digest": "d"}
YOUNGEST, SIX, ADULT = AgeBand.AGES_0_TO_5, AgeBand.AGES_6_TO_8, AgeBand.ADULT


class TestCreateApiKey:
    def test_stores_the_digest_and_never_the_secret(self, now: datetime) -> None:
        key = create_api_key(name="shop", scopes=["search:read"], now=now)
        row = ApiKey.objects.get()
        assert key.secret.startswith("epic_sk_")
        assert len(key.secret) == len("epic_sk_") + 43  # 32 bytes in base64
        assert all(key.secret not in str(value) for value in vars(row).values())
        assert row.prefix == key.secret[:12]

    def test_two_secrets_differ(self, now: datetime) -> None:
        secrets = {create_api_key(name="a", scopes=["search:read"], now=now).secret for _ in range(20)}
        assert len(secrets) == 20

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"scopes": []}, "scopes"),
            ({"scopes": ["search:rea"]}, "scopes"),
            ({"scopes": ["catalog:write"], "public": True, "origins": [SHOP]}, "scopes"),
            ({"public": True}, "origins"),
            ({"origins": [SHOP]}, "origins"),
            ({"public": True, "origins": ["library.example"]}, "origins"),
            ({"public": True, "origins": ["https://library.example/path"]}, "origins"),
            ({"public": True, "origins": ["javascript:alert(1)"]}, "origins"),
            ({"public": True, "origins": ["https://a b"]}, "origins"),
            ({"public": True, "origins": ["https://["]}, "origins"),
            ({"public": True, "origins": ["*"]}, "origins"),
            ({"unproven_band": YOUNGEST}, "unproven_band"),
            ({"public": True, "origins": [SHOP], "unproven_band": SIX}, "unproven_band"),
            ({"public": True, "origins": [SHOP], "highest_band": SIX, "unproven_band": ADULT}, "unproven_band"),
            ({"name": " "}, "name"),
            ({"name": "x" * 101}, "name"),
            ({"name": "a\nb"}, "name"),
        ],
    )
    def test_refuses_and_names_the_field(self, wrong: dict[str, Any], field: str, now: datetime) -> None:
        with pytest.raises(InvalidKeyError) as caught:
            create_api_key(**{"name": "shop", "scopes": ["search:read"], "now": now, **wrong})
        assert list(caught.value.fields) == [field]
        assert not ApiKey.objects.exists()

    @pytest.mark.parametrize(
        ("public", "highest", "unproven", "standing"),
        [
            (False, None, None, (ADULT, ADULT, False)),
            (False, SIX, None, (SIX, SIX, False)),
            (True, None, None, (YOUNGEST, YOUNGEST, True)),
            (True, None, YOUNGEST, (YOUNGEST, YOUNGEST, True)),
            (True, SIX, None, (SIX, SIX, True)),
            (True, ADULT, SIX, (ADULT, SIX, True)),
        ],
    )
    def test_says_how_far_the_key_reaches(
        self, public: bool, highest: AgeBand | None, unproven: AgeBand | None, standing: tuple[Any, ...], now: datetime
    ) -> None:
        origins, bands = [SHOP] if public else [], {"highest_band": highest, "unproven_band": unproven}
        made = create_api_key(name="a", scopes=["search:read"], public=public, origins=origins, **bands, now=now)
        record = key_of_secret(made.secret, now=now)
        assert record is not None
        assert (record.standing.highest, record.standing.unproven, record.standing.must_prove) == standing
        assert record.standing.proof is None

    def test_writes_an_origin_one_way(self, now: datetime) -> None:
        create_api_key(name="shop", scopes=["search:read"], public=True, origins=["HTTPS://Library.Example/"], now=now)
        assert ApiKey.objects.get().origins == SHOP


class TestApiKeyConstraints:
    @pytest.mark.parametrize("scope", sorted(set(SCOPES) - set(PUBLIC_SCOPES)))
    def test_the_database_refuses_a_public_key_with_this_scope(self, scope: str, now: datetime) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            ApiKey.objects.create(
                name="x",
                digest="d",
                scopes=f"search:read {scope}",
                public=True,
                origins=SHOP,
                created_at=now,
                highest_band=0,
            )

    @pytest.mark.parametrize(("public", "origins"), [(True, ""), (False, SHOP)])
    def test_the_database_holds_origins_and_public_together(self, public: bool, origins: str, now: datetime) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            ApiKey.objects.create(
                name="x",
                digest="d",
                scopes="search:read",
                public=public,
                origins=origins,
                created_at=now,
                highest_band=0,
            )

    @pytest.mark.parametrize(
        ("public", "highest", "unproven"), [(True, None, None), (True, 6, None), (True, 1, 2), (False, 2, 1)]
    )
    def test_the_database_holds_the_bands(
        self, public: bool, highest: int | None, unproven: int | None, now: datetime
    ) -> None:
        bands = {"highest_band": highest, "unproven_band": unproven}
        with pytest.raises(IntegrityError), transaction.atomic():
            ApiKey.objects.create(
                name="x",
                digest="d",
                scopes="search:read",
                public=public,
                origins=SHOP * public,
                created_at=now,
                **bands,
            )


class TestLiveKey:
    def test_asks_the_database_once_in_a_few_seconds(
        self, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        secret = create_api_key(name="shop", scopes=["search:read"], now=now).secret
        later = now + timedelta(seconds=KEY_CACHE_SECONDS)
        with django_assert_num_queries(1):
            for _ in range(10):
                assert key_of_secret(secret, now=now) is not None
        with django_assert_num_queries(1):
            assert key_of_secret(secret, now=later) is not None

    def test_a_key_revoked_elsewhere_stops_within_the_seconds_it_says(self, now: datetime) -> None:
        key = create_api_key(name="shop", scopes=["search:read"], now=now)
        assert key_of_secret(key.secret, now=now) is not None
        ApiKey.objects.update(revoked_at=now)  # as another process does
        assert key_of_secret(key.secret, now=now) is not None
        assert key_of_secret(key.secret, now=now + timedelta(seconds=KEY_CACHE_SECONDS)) is None

    def test_believes_no_key_longer_because_the_clock_was_set_back(self, now: datetime) -> None:
        ahead = now + timedelta(days=731)
        key = create_api_key(name="shop", scopes=["search:read"], now=ahead)
        assert key_of_secret(key.secret, now=ahead) is not None
        ApiKey.objects.update(revoked_at=ahead)  # as another process does
        assert key_of_secret(key.secret, now=now) is None

    @pytest.mark.parametrize("secret", ["", "epic_sk_x", "epic_sk_\ud800", "epic_sk_\0", "x" * 100_000])
    def test_knows_no_other_secret(self, secret: str, now: datetime) -> None:
        create_api_key(name="shop", scopes=["search:read"], now=now)
        assert key_of_secret(secret, now=now) is None


class TestRevokeApiKey:
    def test_stops_the_key_in_this_process_at_once(self, now: datetime) -> None:
        key = create_api_key(name="shop", scopes=["search:read"], now=now)
        assert key_of_secret(key.secret, now=now) is not None
        assert "within 5 seconds" in revoke_api_key(key.id, now=now)
        assert key_of_secret(key.secret, now=now) is None

    def test_refuses_a_second_time(self, now: datetime) -> None:
        key = create_api_key(name="shop", scopes=["search:read"], now=now)
        revoke_api_key(key.id, now=now)
        with pytest.raises(ApiKeyRevokedError):
            revoke_api_key(key.id, now=now + timedelta(days=1))
        assert ApiKey.objects.get().revoked_at == now

    def test_says_that_there_is_no_such_key(self, now: datetime) -> None:
        with pytest.raises(ApiKeyNotFoundError):
            revoke_api_key(7, now=now)


class TestKeyIdOfPrefix:
    def test_finds_the_one_key(self, now: datetime) -> None:
        key = create_api_key(name="shop", scopes=["search:read"], now=now)
        assert key_id_of_prefix(key.prefix) == key.id
        assert key_id_of_prefix(key.secret) == key.id

    def test_refuses_when_several_fit(self, now: datetime) -> None:
        for _ in range(2):
            create_api_key(name="shop", scopes=["search:read"], now=now)
        with pytest.raises(ConflictError):
            key_id_of_prefix("epic_sk_")


class TestPublicOrigins:
    def test_are_those_of_live_public_keys(self, now: datetime) -> None:
        create_api_key(name="a", scopes=["search:read"], now=now)
        first = create_api_key(name="b", scopes=["search:read"], public=True, origins=["https://b.example"], now=now)
        create_api_key(name="c", scopes=["search:read"], public=True, origins=[SHOP, "http://localhost:1"], now=now)
        assert public_origins(now=now) == {"https://b.example", SHOP, "http://localhost:1"}
        revoke_api_key(first.id, now=now)
        assert public_origins(now=now) == {SHOP, "http://localhost:1"}

    def test_are_read_anew_when_the_clock_was_set_back(self, now: datetime) -> None:
        ahead = now + timedelta(days=731)
        create_api_key(name="a", scopes=["search:read"], public=True, origins=[SHOP], now=ahead)
        assert public_origins(now=ahead) == {SHOP}
        ApiKey.objects.update(revoked_at=ahead)  # as another process does
        assert public_origins(now=now) == frozenset()


class TestNoteUse:
    def test_goes_on_after_the_clock_was_set_back(self, now: datetime) -> None:
        ahead = now + timedelta(days=731)
        secret = create_api_key(name="shop", scopes=["search:read"], now=now).secret
        for moment in (ahead, now):
            record = key_of_secret(secret, now=moment)
            assert record is not None
            record_use(record, now=moment)
        assert ApiKey.objects.get().last_used_at == now

    def test_writes_at_most_once_a_minute(
        self, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        secret = create_api_key(name="shop", scopes=["search:read"], now=now).secret
        record = key_of_secret(secret, now=now)
        assert record is not None
        with django_assert_num_queries(1):
            for second in (0, 1, 59):
                record_use(record, now=now + timedelta(seconds=second))
        assert ApiKey.objects.get().last_used_at == now
        record_use(record, now=now + timedelta(seconds=60))
        assert ApiKey.objects.get().last_used_at == now + timedelta(seconds=60)

    def test_a_fresh_process_knows_the_last_use(self, now: datetime) -> None:
        secret = create_api_key(name="shop", scopes=["search:read"], now=now).secret
        ApiKey.objects.update(last_used_at=now)
        reset_key_cache()
        record = key_of_secret(secret, now=now)
        assert record is not None
        record_use(record, now=now + timedelta(seconds=30))
        assert ApiKey.objects.get().last_used_at == now
