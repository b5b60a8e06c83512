"""The door to object storage that speaks S3: every wait is bounded, and what goes wrong is an OSError with a sentence.

django-storages does the work. Its client would wait a minute for each of five attempts, and its errors are botocore's;
above this module nobody knows either.
"""

import errno
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar

import boto3
from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
    ResponseStreamingError,
)
from botocore.exceptions import (
    ConnectionError as NotConnectedError,
)
from django.core.files.base import File
from storages.backends.s3 import S3Storage

CONNECT_SECONDS = 3
READ_SECONDS = 10  # between two packets
ATTEMPTS = 2
REFUSED = {401, 403}
_making = threading.Lock()

T = TypeVar("T")


class S3Artifacts(S3Storage):  # type: ignore[misc]  # it has no types
    """Keep artifacts in a bucket, below a prefix."""

    def __init__(self, **options: Any) -> None:
        addressing = {"addressing_style": options.get("addressing_style")}
        options["client_config"] = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
            s3=addressing,
            # Ours is a SHA-256 of each file; servers other than Amazon's refuse the checksums of newer clients.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        super().__init__(**options)

    @property
    def place(self) -> str:
        """Return the address of the bucket and prefix, without anything that is secret."""
        path = f"s3://{self.bucket_name}/{self.location}".rstrip("/")
        return f"{path} at {self.endpoint_url}" if self.endpoint_url else path

    @property
    def connection(self) -> Any:
        """Return the client of this thread; two may be used at once, but not made at once from one session."""
        with _making:
            return super().connection

    def _create_session(self) -> Any:
        return _session(self.access_key, self.secret_key, self.security_token)

    def _open(self, name: str, mode: str = "rb") -> "File[bytes]":
        if mode != "rb":
            raise ValueError(f"An artifact in object storage is written whole, by save(), and not by {mode!r}.")
        key = self._normalize_name(name)
        body = _translated(lambda: self.bucket.Object(key).get()["Body"])
        return File(_Body(body), name)  # type: ignore[arg-type]  # it is only read

    def _save(self, name: str, content: Any) -> str:
        return str(_translated(lambda: super(S3Artifacts, self)._save(name, content)))

    def exists(self, name: str) -> bool:
        return bool(_translated(lambda: super(S3Artifacts, self).exists(name)))

    def delete(self, name: str) -> None:
        _translated(lambda: super(S3Artifacts, self).delete(name))

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        folders, files = _translated(lambda: super(S3Artifacts, self).listdir(path))
        return folders, files


@lru_cache(maxsize=4)
def _session(access_key: str | None, secret_key: str | None, token: str | None) -> Any:
    """Read the description of S3 once in a process: 0.1 s of processor time for each client otherwise."""
    return boto3.Session(aws_access_key_id=access_key, aws_secret_access_key=secret_key, aws_session_token=token)


class _Body:
    """An object as it comes over the wire; one that is cut short raises and does not merely end."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def read(self, size: int = -1) -> bytes:
        return bytes(_translated(lambda: self._body.read(None if size < 0 else size)))

    def close(self) -> None:
        self._body.close()


def _translated(work: Callable[[], T]) -> T:
    with _translating():
        return work()


@contextmanager
def _translating() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise _error_of(error) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        sentence = "no credentials are set (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role of this machine)"
        raise PermissionError(errno.EACCES, sentence) from error
    except (IncompleteReadError, ResponseStreamingError) as error:
        raise ConnectionError(errno.ECONNRESET, "it broke off in the middle of a file") from error
    except (HTTPClientError, NotConnectedError) as error:
        raise ConnectionError(errno.ECONNREFUSED, f"it does not answer ({type(error).__name__})") from error
    except (BotoCoreError, Boto3Error, ValueError) as error:  # a ValueError: settings in ~/.aws that it refuses
        raise OSError(errno.EIO, f"its client fails ({type(error).__name__})") from error


def _error_of(error: ClientError) -> OSError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code == "NoSuchBucket":
        return OSError(errno.EIO, "there is no such bucket")
    if status in REFUSED:
        return PermissionError(errno.EACCES, f"it refuses these credentials ({code})")
    if status == 404:
        return FileNotFoundError(errno.ENOENT, "it has no such object")
    return OSError(errno.EIO, f"it answers {status} ({code})")
