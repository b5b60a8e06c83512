"""Django's settings for ARTIFACTS_URL: where indexes and models lie."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

FOLDER: dict[str, Any] = {"BACKEND": "apps.releases.storage.folder.FolderStorage"}
S3_BACKEND = "apps.releases.storage.s3.S3Artifacts"
PARAMETERS = ("endpoint", "region", "addressing")
ADDRESSING = ("auto", "path", "virtual")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*")
_REGION = re.compile(r"[a-z0-9-]{1,40}")


def artifacts_folder(address: str, *, default: Path) -> Path:
    """Return the folder of artifacts, or of this machine's copies where the address is one of object storage.

    Raises:
        ImproperlyConfigured: the address names no folder in full.
    """
    parts = _split(address)
    if not parts or parts.scheme != "file":
        return default
    folder = Path(unquote(parts.path))
    if parts.netloc or parts.query or parts.fragment or not folder.is_absolute() or folder == Path("/"):
        raise ImproperlyConfigured("ARTIFACTS_URL must name a folder in full, as in file:///mnt/shared/artifacts.")
    if not folder.is_dir():
        raise ImproperlyConfigured(f"ARTIFACTS_URL names {str(folder)!r}, and there is no such folder.")
    return folder


def artifacts_storage(address: str) -> dict[str, Any]:
    """Return the entry of STORAGES for this address: a folder when it is empty or names one.

    Raises:
        ImproperlyConfigured: the address cannot be read; the sentence repeats nothing that may be secret.
    """
    parts = _split(address)
    if not parts or parts.scheme == "file":
        return FOLDER
    if parts.username is not None or parts.password is not None:
        raise ImproperlyConfigured(
            "ARTIFACTS_URL must hold no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the "
            "machine a role."
        )
    if not _BUCKET.fullmatch(parts.netloc):
        raise ImproperlyConfigured("ARTIFACTS_URL must name a bucket, as in s3://BUCKET/PREFIX.")
    prefix = parts.path.strip("/")
    if parts.fragment or (prefix and (not _PREFIX.fullmatch(prefix) or {".", ".."} & set(prefix.split("/")))):
        raise ImproperlyConfigured("ARTIFACTS_URL must name its prefix by letters, digits and . _ - between slashes.")
    options = {"bucket_name": parts.netloc, "location": prefix}
    return {"BACKEND": S3_BACKEND, "OPTIONS": {**options, **_parameters(parts.query)}}


def _split(address: str) -> Any:
    return urlsplit(address) if address else None


def _parameters(query: str) -> dict[str, Any]:
    pairs = parse_qsl(query, keep_blank_values=True)
    given = dict(pairs)
    for name in given:
        if name not in PARAMETERS:
            raise ImproperlyConfigured(f"ARTIFACTS_URL has a parameter {name!r}; known are {', '.join(PARAMETERS)}.")
    if len(given) != len(pairs):
        raise ImproperlyConfigured("ARTIFACTS_URL has a parameter twice.")
    options: dict[str, Any] = {}
    if "endpoint" in given:
        options["endpoint_url"] = checked_endpoint("ARTIFACTS_URL: endpoint", given["endpoint"])
    if "region" in given:
        if not _REGION.fullmatch(given["region"]):
            raise ImproperlyConfigured(f"ARTIFACTS_URL: region is {given['region'][:40]!r}; write one as eu-central-1.")
        options["region_name"] = given["region"]
    # Servers other than Amazon's have no host name of their own for each bucket.
    addressing = given.get("addressing", "path" if "endpoint" in given else "auto")
    if addressing not in ADDRESSING:
        raise ImproperlyConfigured(f"ARTIFACTS_URL: addressing must be {' or '.join(ADDRESSING)}.")
    return {**options, "addressing_style": addressing}


def checked_endpoint(name: str, value: str) -> str:
    """Return the address of a server, without path and credentials.

    Raises:
        ImproperlyConfigured: it is none.
    """
    try:
        parts = urlsplit(value)
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        port_fits = False
    if not port_fits or parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise ImproperlyConfigured(f"{name} must be the address of a server, such as https://s3.library.example:9000.")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ImproperlyConfigured(f"{name} must hold no path; the bucket stands in ARTIFACTS_URL.")
    return value.rstrip("/")
