"""Django's settings for ARTIFACTS_URL: where indexes and models lie."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

FOLDER: dict[str, Any] = {"BACKEND": "apps.releases.storage.folder.FolderStorage"}
S3_BACKEND = "apps.releases.storage.s3.S3Artifacts"
PARAMETERS = ("endpoint", "region", "addressing")
NOT_IN_FULL = "ARTIFACTS_URL must name a folder in full, as in file:///mnt/shared/artifacts."
ADDRESSING = ("auto", "path", "virtual")
_BUCKET = re.compile(r"(?!.*\.\.)(?![0-9]+(\.[0-9]+){3}$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*")
_REGION = re.compile(r"[a-z0-9-]{1,40}")
# What botocore takes; one of another form, as with the _ of many a container's name, is a bare ValueError at first use.
_LABEL = r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
_HOST = re.compile(rf"({_LABEL}\.)*{_LABEL}\.?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")


def artifacts_folder(address: str, *, default: Path) -> Path:
    """Return the folder of artifacts, or of this machine's copies where the address is one of object storage.

    Raises:
        ImproperlyConfigured: the address names no folder in full, or one that cannot be used.
    """
    parts = _split(address)
    if not parts or parts.scheme != "file":
        return default
    folder = Path(unquote(parts.path))
    if parts.netloc or parts.query or parts.fragment or not folder.is_absolute():
        raise ImproperlyConfigured(NOT_IN_FULL)
    named = f"ARTIFACTS_URL names {str(folder)!r}, and "
    try:
        found = folder.resolve(strict=True)
    except FileNotFoundError as error:
        raise ImproperlyConfigured(f"{named}there is no such folder.") from error
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: links in a circle; ValueError: a NUL
        why = getattr(error, "strerror", None) or str(error)
        raise ImproperlyConfigured(f"{named}it cannot be used ({why}).") from error
    if found == Path(found.root):  # also by ".." or a link
        raise ImproperlyConfigured(NOT_IN_FULL)
    if not found.is_dir():
        raise ImproperlyConfigured(f"{named}that is no folder.")
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
        raise ImproperlyConfigured(
            "ARTIFACTS_URL must name a bucket by 3 to 63 small letters, digits, . and -, as in "
            "s3://library-models/prefix; the address of a server and its port belong into ?endpoint=."
        )
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
    if not _HOST.fullmatch(parts.hostname):
        raise ImproperlyConfigured(
            f"{name} has the host name {parts.hostname[:80]!r}, which clients of S3 refuse: use one of letters, "
            "digits, - and dots alone, or the IP address."
        )
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ImproperlyConfigured(f"{name} must hold no path; the bucket stands in ARTIFACTS_URL.")
    return value.rstrip("/")
