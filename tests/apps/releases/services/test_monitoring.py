from pathlib import Path

import pytest
from pytest_django import Settings

from apps.platform.services.metrics import exposition
from apps.releases.services.monitoring import reset_storage_health, storage_health
from tests.apps.releases.numbers import KIND, NumberKind
from tests.apps.releases.object_storage import ObjectStorage, storages_at
from tests.client import ApiClient

AWAY = "s3://artifacts-of-tests?endpoint=http://127.0.0.1:1"


@pytest.mark.django_db
class TestStorageHealth:
    def test_names_the_folder(self, artifacts_dir: Path) -> None:
        health = storage_health()
        assert (health.state, health.detail) == ("ok", f"Artifacts lie in the folder {artifacts_dir}.")

    def test_names_the_bucket_and_what_this_machine_has(
        self, numbers: NumberKind, object_storage: ObjectStorage
    ) -> None:
        where = f"Artifacts lie in s3://artifacts-of-tests/epicml at {object_storage.endpoint}."
        assert storage_health().detail == f"{where} This machine has no copies yet."
        key = numbers.make(7.0).key
        assert storage_health().detail == f"{where} This machine has copies of {KIND} {key}."

    @pytest.mark.parametrize("fault", ["away", "refuses"])
    def test_is_degraded_while_it_cannot_be_reached(
        self, numbers: NumberKind, object_storage: ObjectStorage, settings: Settings, fault: str
    ) -> None:
        key = numbers.make(7.0).key
        if fault == "away":
            settings.STORAGES = storages_at(AWAY)
        else:
            object_storage.refuse_everybody()
        health = storage_health()
        said = {"away": "it does not answer (EndpointConnectionError).", "refuses": "it refuses these credentials ("}
        assert health.state == "degraded"
        assert f"cannot be reached: {said[fault]}" in health.detail
        assert f"This machine has copies of {KIND} {key}." in health.impact
        settings.STORAGES = storages_at(object_storage.address)
        object_storage.refuse_nobody()
        reset_storage_health()
        assert storage_health().state == "ok"

    def test_asks_object_storage_seldom(self, object_storage: ObjectStorage, settings: Settings) -> None:
        assert storage_health().state == "ok"
        settings.STORAGES = storages_at(AWAY)
        assert storage_health().state == "ok"

    def test_is_read_in_readiness(
        self, object_storage: ObjectStorage, settings: Settings, anonymous_api: ApiClient
    ) -> None:
        settings.STORAGES = storages_at(AWAY)
        storage_health()
        answer = anonymous_api.get("/health/ready")
        assert answer.status_code == 200
        assert "cannot be reached: it does not answer" in answer.content.decode()


@pytest.mark.django_db
class TestMetrics:
    def test_tell_where_artifacts_lie_and_which_copies_are_here(
        self, numbers: NumberKind, object_storage: ObjectStorage
    ) -> None:
        numbers.make(7.0)
        lines = exposition().decode().splitlines()
        place = f"s3://artifacts-of-tests/epicml at {object_storage.endpoint}"
        assert f'epicml_artifact_storage_info{{place="{place}"}} 1.0' in lines
        assert f'epicml_artifact_copies{{kind="{KIND}"}} 1.0' in lines

    def test_tell_what_is_open(self, db: None) -> None:
        lines = exposition().decode().splitlines()
        assert 'epicml_live_artifact_info{beside="",kind="recommender",live="",served=""} 1.0' in lines


class TestPage:
    def test_of_a_release_says_where_its_files_are(
        self, numbers: NumberKind, object_storage: ObjectStorage, admin_client: object, artifacts_dir: Path
    ) -> None:
        key = numbers.make(7.0).key
        page = admin_client.get(f"/admin/releases/{KIND}/{key}/").content.decode()  # type: ignore[attr-defined]
        assert "s3://artifacts-of-tests/epicml" in page
        assert "this machine has a copy" in page
