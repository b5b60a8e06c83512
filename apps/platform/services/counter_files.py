"""The files in which web processes count, written to instead of mapped into memory, and read whatever became of them.

prometheus_client maps them: one that somebody cuts short would end each process at its next count (SIGBUS), and one
with a wrong byte every answer of /metrics.
"""

import atexit
import json
import logging
import os
import re
import struct
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from prometheus_client import values
from prometheus_client.metrics_core import Metric
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

HEADER_BYTES = 8
VALUE_BYTES = 16
WRITTEN_EVERY_SECONDS = 0.5  # what a killed process counted since is lost
PAD_BYTES = 8
_LIVE = re.compile(r"gauge_live\w+_(\d+)\.db")
_USED = struct.Struct("i")
_VALUE = struct.Struct("dd")

logger = logging.getLogger(__name__)


class _Writer:
    """Writes files whose counts changed, twice a second.

    A write for each count releases Python's lock each time: it cost suggestions over HTTP 3 to 9 % of their rate.
    """

    def __init__(self) -> None:
        self._changed: set[WrittenDict] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def schedule(self, counts: "WrittenDict") -> None:
        """Write these counts to their file within WRITTEN_EVERY_SECONDS."""
        self._changed.add(counts)
        if self._thread is None or not self._thread.is_alive():  # a child that was forked has none
            self._thread = threading.Thread(target=self._run, name="counts", daemon=True)
            self._thread.start()

    def write(self) -> None:
        """Write all counts to their files."""
        with self._lock:
            while self._changed:
                self._changed.pop().write()

    def _run(self) -> None:
        while True:
            time.sleep(WRITTEN_EVERY_SECONDS)
            self.write()


_writer = _Writer()


class WrittenDict(MmapedDict):
    """The same file as the library's, kept in memory by its one writer and written again and again."""

    def __init__(self, filename: str, read_mode: bool = False) -> None:  # noqa: FBT001, FBT002 - as the library calls it
        del read_mode  # readers use read_all_values_from_file
        self._file = os.open(filename, os.O_RDWR | os.O_CREAT, 0o600)
        self._held = bytearray(HEADER_BYTES)
        self._positions: dict[str, int] = {}
        self.write()

    def _init_value(self, key: str) -> None:
        encoded = key.encode()
        padded = encoded + b" " * (PAD_BYTES - (len(encoded) + _USED.size) % PAD_BYTES)
        self._held += _USED.pack(len(encoded)) + padded + _VALUE.pack(0.0, 0.0)
        self._positions[key] = len(self._held) - VALUE_BYTES
        _writer.schedule(self)

    def read_value(self, key: str) -> tuple[float, float]:
        if key not in self._positions:
            self._init_value(key)
        value, timestamp = _VALUE.unpack_from(self._held, self._positions[key])
        return value, timestamp

    def write_value(self, key: str, value: float, timestamp: float) -> None:
        if key not in self._positions:
            self._init_value(key)
        place = self._positions[key]
        self._held[place : place + VALUE_BYTES] = _VALUE.pack(value, timestamp)
        _writer.schedule(self)

    def close(self) -> None:
        if self._file >= 0:
            self.write()
            os.close(self._file)
            self._file = -1

    def write(self) -> None:
        """Write the counts to the file."""
        self._held[: _USED.size] = _USED.pack(len(self._held))
        with suppress(OSError):  # a full disk: no request fails for its count, which is written when there is room
            # What is new lies behind what readers are told of, until the last byte is there.
            os.pwrite(self._file, self._held[HEADER_BYTES:], HEADER_BYTES)
            os.pwrite(self._file, self._held[:HEADER_BYTES], 0)


def write_counts() -> None:
    """Let this process write its counts instead of mapping them; called before it counts anything."""
    atexit.register(_writer.write)
    values.MmapedDict = WrittenDict  # type: ignore[attr-defined]


class CountersOfAllProcesses(Collector):
    """The sum over the files of all processes, without those that cannot be read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        _writer.write()
        files = [str(path) for path in sorted(self._folder.glob("*.db")) if _counts(path)]
        merged: Iterator[Metric] = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]
        return merged


def _counts(path: Path) -> bool:
    """Tell whether the file can be read and is not what a process had at the moment ("live") that is gone."""
    try:
        for key, *_ in MmapedDict.read_all_values_from_file(str(path)):  # type: ignore[no-untyped-call]
            metric_name, name, labels, help_text = json.loads(key)
            _ = metric_name, name, sorted(labels.items()), help_text
    except (OSError, ValueError, RuntimeError, TypeError, AttributeError, struct.error) as error:
        logger.warning("The counts in %s are left out: %s", path.name, error)
        return False
    live = _LIVE.fullmatch(path.name)
    return live is None or Path(f"/proc/{live[1]}").exists()
