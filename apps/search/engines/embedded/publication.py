"""What a writer published of an index: its list of segments, and every file with its size and SHA-256.

A reader follows this one file instead of tantivy's meta.json, which says of no file what is in it. Segments are written
once, so that a commit costs the sums of its new files only.
"""

import hashlib
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from apps.platform.services.file_sums import FileSum, file_sum
from apps.search.engines.protocol import IndexBrokenError

PUBLISHED = "published.json"
INDEX = "index"
LEXICON = "lexicon.npz"
META = "meta.json"
# tantivy's list of the files it may remove; only writers read it.
REWRITTEN = ".managed.json"
TRIES = 5
RETRY_SECONDS = 0.02

Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Publication:
    """An index as one commit left it; names of files are relative to the folder that holds index and words.

    `cursor` is the number of the last change in it, `last_change` what tells that change from one of another database.
    """

    segments: str
    cursor: int
    last_change: str
    files: Mapping[str, FileSum]


def published(folder: Path) -> Publication:
    """Read what was published in this folder.

    Raises:
        IndexBrokenError: nothing was, or it is not as it was written.
    """
    try:
        sha256, _, body = (folder / PUBLISHED).read_bytes().partition(b"\n")
    except OSError as error:
        raise IndexBrokenError(folder, f"{PUBLISHED} cannot be read: {error.strerror}") from error
    if hashlib.sha256(body).hexdigest().encode() != sha256:
        raise IndexBrokenError(folder, f"{PUBLISHED} is not what was written")
    held = orjson.loads(body)
    files = {name: FileSum(**entry) for name, entry in held.pop("files").items()}
    return Publication(**held, files=files)


def publish(folder: Path, *, cursor: int, last_change: str, known: Mapping[str, FileSum] | None = None) -> Publication:
    """Publish the index in this folder as it lies there; sums that are known already are taken over."""
    if known is None:
        known = published(folder).files if (folder / PUBLISHED).exists() else {}
    publication = taken(folder, cursor=cursor, last_change=last_change, known=known)
    body = orjson.dumps(asdict(publication))
    aside = folder / f".{PUBLISHED}"
    try:
        with aside.open("wb") as file:
            file.write(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
            file.flush()
            os.fsync(file.fileno())
        aside.rename(folder / PUBLISHED)
    except OSError as error:
        raise IndexBrokenError(folder, f"{PUBLISHED} cannot be written: {error.strerror}") from error
    return publication


def taken(
    folder: Path, *, cursor: int = 0, last_change: str = "", known: Mapping[str, FileSum] | None = None
) -> Publication:
    """Take the index as it lies in this folder: one that is verified by other means, or was written in this moment."""
    reason = ""
    for _ in range(TRIES):
        try:
            segments = _read_segments(folder)
            files = _sums(folder, segments, known or {})
            if _read_segments(folder) == segments:
                return Publication(segments=segments, cursor=cursor, last_change=last_change, files=files)
            reason = "they change all the time"
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = str(error)
        time.sleep(RETRY_SECONDS)  # segments are merged in the background, and their files removed
    raise IndexBrokenError(folder, f"its files cannot be listed: {reason}")


def published_stamp(path: str | Path) -> Stamp | None:
    """Return another value of the file PUBLISHED as soon as something else was published; None where nothing is."""
    try:
        return stamp_of(os.stat(path))  # of a str: a Path takes as long again, on every suggestion
    except OSError:
        return None


def stamp_of(stat: os.stat_result) -> Stamp:
    """Return another value for a file that was written to or replaced, as far as the file system says so."""
    return stat.st_size, stat.st_mtime_ns, stat.st_ino


def _read_segments(folder: Path) -> str:
    return (folder / INDEX / META).read_text()


def _sums(folder: Path, segments: str, known: Mapping[str, FileSum]) -> dict[str, FileSum]:
    beside = [name for name in (f"{INDEX}/{REWRITTEN}", LEXICON) if (folder / name).exists()]
    sums = {}
    for name in [*_segment_files(folder, segments), *beside]:
        is_known = name in known and not name.endswith(REWRITTEN)
        sums[name] = known[name] if is_known else file_sum(folder / name)
    return sums


def _segment_files(folder: Path, segments: str) -> list[str]:
    """List the files of each segment that a list of segments names, without deletions that later ones replace."""
    listed: list[dict[str, Any]] = orjson.loads(segments)["segments"]
    deletions: dict[str, str | None] = {}
    for entry in listed:
        prefix = str(entry["segment_id"]).replace("-", "")
        deletions[prefix] = entry["deletes"] and f"{entry['deletes']['opstamp']}.del"
    found = []
    for name in sorted(os.listdir(folder / INDEX)):
        prefix, _, rest = name.partition(".")
        if prefix in deletions and (not rest.endswith(".del") or rest == deletions[prefix]):
            found.append(f"{INDEX}/{name}")
    return found
