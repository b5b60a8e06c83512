"""Files of an index that this process alone can reach, so that nothing which happens to the others can touch a map.

tantivy maps files into memory. Where somebody cuts such a file short - a restore, a full disk, a slip of the hand -
the next look at the lost pages ends the process (SIGBUS), and where somebody writes to it, answers change unnoticed. So
each process opens a copy, checked byte by byte while it is made, whose names are removed as soon as tantivy has it
open: it has no path any more, and is gone with the process, however that ends.
"""

import hashlib
import shutil
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from apps.platform.services.file_sums import FileSum, read_chunks
from apps.search.engines.embedded.publication import INDEX, LEXICON, META, REWRITTEN, Publication
from apps.search.engines.protocol import IndexBrokenError, NoRoomError

PREFIX = "epicml-index-"


class PrivateFiles:
    """A folder that only this process knows; it is there only while files are opened."""

    def __init__(self, source: Path, *, size: int) -> None:
        """Take files of so many bytes from the index folder `source`."""
        self._source = source
        self.folder = _new_folder(source, size)
        self._is_there = True
        self._taken: set[str] = set()
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    def take(self, publication: Publication) -> None:
        """Copy into the folder the files of this publication that were not taken before, each as it was published."""
        names = [name for name in publication.files if name.startswith(f"{INDEX}/") and not name.endswith(REWRITTEN)]
        try:
            if not self._is_there:
                self.folder.mkdir(mode=0o700)  # fails where somebody else made it: nobody must be able to reach into it
                self._is_there = True
            for name in names:
                if name not in self._taken:
                    copy_verified(self._source / name, self.folder / Path(name).name, publication.files[name])
            (self.folder / META).write_text(publication.segments)
        except OSError as error:
            self.hide()
            raise IndexBrokenError(self._source, f"no private copy can be made: {error}") from error
        except IndexBrokenError:
            self.hide()
            raise
        self._taken = set(names)

    def words(self, publication: Publication) -> Path:
        """Copy the file of the words into the folder, as it was published, and return it."""
        if LEXICON not in publication.files:
            raise IndexBrokenError(self._source, f"{LEXICON} cannot be read: it is missing")
        copy_verified(self._source / LEXICON, self.folder / LEXICON, publication.files[LEXICON])
        return self.folder / LEXICON

    def hide(self) -> None:
        """Remove every name; what is open stays open."""
        if self._is_there:  # else it is not ours
            shutil.rmtree(self.folder, ignore_errors=True)
        self._is_there = False


def _new_folder(source: Path, size: int) -> Path:
    """Make an empty folder where there is room: for temporary files, else beside the data."""
    places = [tempfile.gettempdir(), str(settings.VAR_DIR)]
    for place in places:
        with suppress(OSError):
            if shutil.disk_usage(place).free > size:
                return Path(tempfile.mkdtemp(prefix=PREFIX, dir=place))
    raise NoRoomError(source, megabytes=size / 1e6, places=places)


def copy_verified(source: Path, target: Path, expected: FileSum) -> None:
    """Copy the source to the target, and refuse it where it is not what was published.

    Raises:
        IndexBrokenError: the source is another one.
    """
    digest, size = hashlib.sha256(), 0
    try:
        with target.open("wb") as file:
            for chunk in read_chunks(source):
                digest.update(chunk)
                size += file.write(chunk)
    except OSError as error:
        raise IndexBrokenError(source.parent, f"{source.name} cannot be copied: {error.strerror}") from error
    if FileSum(size, digest.hexdigest()) != expected:
        raise IndexBrokenError(source.parent, f"{source.name} is not what was written: its SHA-256 differs")
