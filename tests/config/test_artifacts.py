from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from apps.releases.storage.s3 import S3Artifacts
from config import environment
from config.artifacts import artifacts_folder, artifacts_storage
from tests.config.test_environment import manage

S3 = "apps.releases.storage.s3.S3Artifacts"
FOLDER = "apps.releases.storage.folder.FolderStorage"


class TestArtifactsStorage:
    @pytest.mark.parametrize("address", ["", "file:///mnt/shared"])
    def test_is_a_folder_unless_the_address_says_otherwise(self, address: str) -> None:
        assert artifacts_storage(address) == {"BACKEND": FOLDER}

    @pytest.mark.parametrize(
        ("address", "options"),
        [
            ("s3://books", {"location": "", "addressing_style": "auto"}),
            ("s3://books/a/b/", {"location": "a/b", "addressing_style": "auto"}),
            (
                "s3://books?region=eu-central-1",
                {"location": "", "region_name": "eu-central-1", "addressing_style": "auto"},
            ),
            (
                "s3://books/a?endpoint=http://minio:9000/",
                {"location": "a", "endpoint_url": "http://minio:9000", "addressing_style": "path"},
            ),
            (
                "s3://books?endpoint=https%3A%2F%2Fs3.library.example&addressing=virtual",
                {"location": "", "endpoint_url": "https://s3.library.example", "addressing_style": "virtual"},
            ),
        ],
    )
    def test_reads_bucket_prefix_and_parameters(self, address: str, options: dict[str, str]) -> None:
        assert artifacts_storage(address) == {"BACKEND": S3, "OPTIONS": {"bucket_name": "books", **options}}

    @pytest.mark.parametrize(
        ("address", "sentence"),
        [
            ("s3://", "must name a bucket"),
            ("s3:///prefix", "must name a bucket"),
            ("s3://B", "must name a bucket"),
            ("s3://Books/a", "must name a bucket by 3 to 63 small letters"),
            ("s3://books:9000/a", "port belong into ?endpoint="),
            ("s3://books..old", "must name a bucket"),
            ("s3://192.168.0.1/books", "must name a bucket"),
            ("s3://key:a-secret-word@books", "must hold no credentials"),
            ("s3://books/a b", "must name its prefix"),
            ("s3://books/../other", "must name its prefix"),
            ("s3://books/a//b", "must name its prefix"),
            ("s3://books#a", "must name its prefix"),
            ("s3://books?bucket=a", "has a parameter 'bucket'"),
            ("s3://books?region=a&region=b", "has a parameter twice"),
            ("s3://books?region=EU%20Central", "region is 'EU Central'"),
            ("s3://books?region=", "region is ''"),
            ("s3://books?addressing=dns", "addressing must be"),
            ("s3://books?endpoint=minio:9000", "endpoint must be the address of a server"),
            ("s3://books?endpoint=", "endpoint must be the address of a server"),
            ("s3://books?endpoint=http://h:port", "endpoint must be the address of a server"),
            ("s3://books?endpoint=http://key:a-secret-word@h", "endpoint must be the address of a server"),
            ("s3://books?endpoint=http://h/books", "endpoint must hold no path"),
            (
                "s3://books?endpoint=http://minio_1:9000",
                "endpoint has the host name 'minio_1', which clients of S3 refuse",
            ),
            ("s3://books?endpoint=http://bad_host!", "endpoint has the host name 'bad_host!'"),
            ("s3://books?endpoint=http://-minio", "endpoint has the host name '-minio'"),
            ("s3://books?endpoint=http://a..b", "endpoint has the host name 'a..b'"),
        ],
    )
    def test_refuses_what_it_cannot_read_by_its_name(self, address: str, sentence: str) -> None:
        with pytest.raises(ImproperlyConfigured) as refused:
            artifacts_storage(address)
        assert str(refused.value).startswith("ARTIFACTS_URL")
        assert sentence in str(refused.value)
        assert "a-secret-word" not in str(refused.value)


class TestArtifactsFolder:
    def test_is_the_default_for_object_storage_too(self, tmp_path: Path) -> None:
        assert [artifacts_folder(address, default=tmp_path) for address in ("", "s3://books")] == [tmp_path] * 2

    def test_is_the_one_that_is_named(self, tmp_path: Path) -> None:
        folder = tmp_path / "all machines"
        folder.mkdir()
        assert artifacts_folder(f"file://{tmp_path}/all%20machines", default=tmp_path) == folder

    @pytest.mark.parametrize(
        "address",
        ["file://mnt/shared", "file:shared", "file:///", "file:////", "file:///.", "file:///tmp/..", "file:///tmp?a=b"],
    )
    def test_is_named_in_full(self, address: str, tmp_path: Path) -> None:
        with pytest.raises(ImproperlyConfigured, match="ARTIFACTS_URL must name a folder in full"):
            artifacts_folder(address, default=tmp_path)

    def test_is_there(self, tmp_path: Path) -> None:
        with pytest.raises(ImproperlyConfigured, match=r"ARTIFACTS_URL names .*, and there is no such folder"):
            artifacts_folder(f"file://{tmp_path}/no-such", default=tmp_path)

    def test_is_not_the_root_by_a_link(self, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to("/")
        with pytest.raises(ImproperlyConfigured, match="ARTIFACTS_URL must name a folder in full"):
            artifacts_folder(f"file://{tmp_path}/link", default=tmp_path)

    @pytest.mark.parametrize(
        ("name", "why"),
        [
            ("file", "that is no folder"),
            ("file/below", "it cannot be used (Not a directory)"),
            ("x" * 300, "it cannot be used (File name too long)"),
            ("%00", "it cannot be used (embedded null byte)"),
            ("circle", "it cannot be used"),
        ],
    )
    def test_that_cannot_be_used_is_one_sentence(self, name: str, why: str, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        (tmp_path / "circle").symlink_to(tmp_path / "circle")
        with pytest.raises(ImproperlyConfigured) as refused:
            artifacts_folder(f"file://{tmp_path}/{name}", default=tmp_path)
        assert str(refused.value).startswith("ARTIFACTS_URL names ")
        assert why in str(refused.value)


class TestArtifactsAddress:
    @pytest.mark.parametrize("address", ["gs://books", "http://books", "/mnt/shared", "books"])
    def test_of_another_kind_is_refused(self, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
        monkeypatch.setenv("ARTIFACTS_URL", address)
        with pytest.raises(ImproperlyConfigured, match=r"^ARTIFACTS_URL must start with s3:// or file://"):
            environment.artifacts_address()

    @pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
    def test_looks_at_what_the_client_reads_from_the_environment(
        self, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        monkeypatch.setenv("ARTIFACTS_URL", "s3://books")
        monkeypatch.setenv(name, "minio")
        with pytest.raises(ImproperlyConfigured, match=rf"^{name} must be the address of a server"):
            environment.artifacts_address()
        monkeypatch.setenv("ARTIFACTS_URL", "")
        assert environment.artifacts_address() == ""

    @pytest.mark.parametrize(
        "endpoint", ["http://minio:9000", "https://S3.library.example.", "http://10.0.0.1:9000", "http://[::1]:9000"]
    )
    def test_of_a_server_is_taken_by_the_client_too(self, endpoint: str) -> None:
        options = artifacts_storage(f"s3://books?endpoint={endpoint}&region=eu-central-1")["OPTIONS"]
        assert S3Artifacts(**options).connection.meta.client.meta.endpoint_url == endpoint

    def test_that_is_wrong_stops_the_start_with_one_sentence(self, tmp_path: Path) -> None:
        done = manage("check", folder=tmp_path, ARTIFACTS_URL="s3://books?endpoint=minio")
        assert done.returncode == 1
        assert done.stderr.splitlines() == [
            "ARTIFACTS_URL: endpoint must be the address of a server, such as https://s3.library.example:9000."
        ]
