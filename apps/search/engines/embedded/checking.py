"""Whether the files of a working copy are those that were published, as cheaply as that can be known."""

import threading
from pathlib import Path

from apps.platform.services.file_sums import file_sum
from apps.search.engines.embedded.publication import (
    INDEX,
    META,
    PUBLISHED,
    Publication,
    Stamp,
    published,
    published_stamp,
    stamp_of,
)
from apps.search.engines.protocol import IndexBrokenError

_lock = threading.Lock()
_sound: dict[Path, dict[str, Stamp]] = {}


def damage_of(copy: Path, *, anew: bool = False) -> str:
    """Say what is wrong with this working copy, as the end of a sentence; "" where nothing is.

    A file that was found sound is read again only where it was written to since, or `anew` asks for all of them: a disk
    that forgets tells nobody.
    """
    try:
        stamp, publication = published_stamp(copy / PUBLISHED), published(copy)
    except IndexBrokenError as error:
        return error.reason
    found = _first_damage(copy, publication, anew=anew)
    # Whoever writes may have published and tidied up meanwhile.
    return damage_of(copy, anew=anew) if found and published_stamp(copy / PUBLISHED) != stamp else found


def _first_damage(copy: Path, publication: Publication, *, anew: bool) -> str:
    with _lock:
        known = {} if anew else dict(_sound.get(copy, {}))
    sound: dict[str, Stamp] = {}
    try:
        if (copy / INDEX / META).read_text() != publication.segments:
            return f"{META} is not what was published"
        for name, expected in publication.files.items():
            stamp = stamp_of((copy / name).stat())
            if known.get(name) != stamp and file_sum(copy / name) != expected:
                return f"{Path(name).name} is not what was written: its SHA-256 differs"
            sound[name] = stamp
    except (OSError, ValueError) as error:
        return f"a file cannot be read: {error}"
    with _lock:
        _sound.clear()  # of one copy at a time: the live one
        _sound[copy] = sound
    return ""
