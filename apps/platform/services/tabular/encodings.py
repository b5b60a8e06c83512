"""Which encoding a text file has, told from all of it: one accented name may stand on the last of a million lines."""

import codecs
import re
from dataclasses import dataclass
from typing import BinaryIO

from apps.platform.services.tabular.refusals import TableError

CHUNK = 1 << 20
# A file in UTF-8 with a few foreign bytes in it stays UTF-8: as Windows-1252 every other accent would be wrong.
MOSTLY = 6
WESTERN = "western"
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_HIGH = bytes(range(0x80, 0x100))
_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_RUN = re.compile(rb"[\x80-\xff]{3,}")  # three accents in a row: no language of Western Europe writes so
_NOT_WESTERN = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")


@dataclass(frozen=True, slots=True)
class Encoding:
    """A codec of Python with its way to treat bytes that it does not know, and its name for people."""

    codec: str
    label: str
    errors: str = "strict"


def named_encoding(name: str) -> Encoding:
    """Return the encoding that a person names."""
    try:
        codec = codecs.lookup(name).name
        "".encode(codec)  # "zip" and "hex" are codecs too, of bytes
    except LookupError as error:
        raise TableError(
            f"There is no encoding {name!r}; common ones are utf-8, utf-16, windows-1252, windows-1251, mac-roman."
        ) from error
    return Encoding("utf-8-sig" if codec == "utf-8" else codec, name)


def detected_encoding(file: BinaryIO, name: str) -> Encoding:
    """Detect the encoding of the file, which is read to its end."""
    first = file.read(CHUNK)
    for mark, codec, label in _BOMS:
        if first.startswith(mark):
            return Encoding(codec, label)
    if wide := _utf16_without_bom(first):
        return wide
    census = _Census()
    chunk = first
    while chunk:
        census.add(chunk)
        chunk = file.read(CHUNK)
    return census.verdict(name)


def _utf16_without_bom(start: bytes) -> Encoding | None:
    """Detect UTF-16 without a byte order mark: every second byte of delimiters is zero, never the others."""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if odd > 20 * even and odd * 40 > len(start):
        return Encoding("utf-16-le", "UTF-16 LE")
    if even > 20 * odd and even * 40 > len(start):
        return Encoding("utf-16-be", "UTF-16 BE")
    return None


@dataclass(slots=True)
class _Census:
    """How many bytes beyond ASCII there are, and what they may be."""

    high: int = 0
    in_sequences: int = 0
    in_runs: int = 0
    not_western: int = 0
    _carry: bytes = b""

    def add(self, chunk: bytes) -> None:
        """Count the chunk; what ends it beyond ASCII waits for the next one: a character may be cut there."""
        chunk = self._carry + chunk
        whole = chunk.rstrip(_HIGH)
        self._carry = chunk[len(whole) :]
        self._count(whole)

    def _count(self, chunk: bytes) -> None:
        if chunk.isascii():
            return
        self.high += len(chunk) - len(chunk.translate(None, _HIGH))
        self.in_sequences += sum(len(found) for found in _SEQUENCE.findall(chunk))
        self.in_runs += sum(len(found) for found in _RUN.findall(chunk))
        self.not_western += len(_NOT_WESTERN.findall(chunk))

    def verdict(self, name: str) -> Encoding:
        self._count(self._carry)
        invalid = self.high - self.in_sequences
        if not invalid:
            return Encoding("utf-8", "UTF-8", WESTERN)  # what the count cannot see (surrogates) is read by the handler
        if self.in_sequences > MOSTLY * invalid:
            return Encoding("utf-8", f"UTF-8, {invalid:,} foreign bytes of it read as Windows-1252", WESTERN)
        if 4 * self.in_runs > self.high or 20 * self.not_western > self.high:
            raise TableError(
                f"{name} is not in UTF-8, and what it is in cannot be told: say it with --encoding, such as "
                "windows-1251 (Cyrillic), windows-1250 (Central Europe), shift_jis, gb18030, mac-roman or cp850."
            )
        return Encoding("cp1252", "Windows-1252", WESTERN)


def _as_western(error: UnicodeError) -> tuple[str, int]:
    """Read one byte that the codec does not know as Windows-1252, else as a control character."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    byte = error.object[error.start : error.start + 1]
    try:
        return byte.decode("cp1252"), error.start + 1
    except UnicodeDecodeError:
        return byte.decode("latin-1"), error.start + 1


codecs.register_error(WESTERN, _as_western)
