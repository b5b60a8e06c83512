import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from prometheus_client.mmap_dict import MmapedDict

from apps.platform.services.counter_files import WRITTEN_EVERY_SECONDS, WrittenDict

PROJECT = Path(__file__).resolve().parents[4]
COUNT = """
import os, pathlib
from apps.platform.services.metrics import DURATION, REQUESTS, exposition
folder = pathlib.Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
REQUESTS.labels("a", "GET", "200").inc(3)
DURATION.labels("a").observe(0.002)
for path in folder.glob("*.db"):
    os.truncate(path, {cut})
print(exposition().decode(), "---")
REQUESTS.labels("a", "GET", "200").inc(4)
REQUESTS.labels("b", "GET", "200").inc(1)
DURATION.labels("a").observe(0.002)
print(exposition().decode())
"""


def counted(folder: Path, program: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


class TestWrittenDict:
    def test_writes_the_file_that_the_library_reads(self, tmp_path: Path) -> None:
        held = WrittenDict(str(tmp_path / "counter_1.db"))
        for number, key in enumerate(("a", "b" * 7, "c" * 4000, "\N{SNOWMAN}")):
            held.write_value(key, float(number), 0.5)
        held.write_value("a", 9.0, 1.0)
        held.write()
        read = MmapedDict.read_all_values_from_file(str(tmp_path / "counter_1.db"))  # type: ignore[no-untyped-call]
        assert [entry[:3] for entry in read] == [
            ("a", 9.0, 1.0),
            ("b" * 7, 1.0, 0.5),
            ("c" * 4000, 2.0, 0.5),
            ("\N{SNOWMAN}", 3.0, 0.5),
        ]
        assert held.read_value("a") == (9.0, 1.0)
        held.close()

    def test_is_written_soon_by_itself(self, tmp_path: Path) -> None:
        held = WrittenDict(str(tmp_path / "counter_1.db"))
        held.write_value("a", 9.0, 1.0)
        end = time.monotonic() + 20 * WRITTEN_EVERY_SECONDS
        while not MmapedDict.read_all_values_from_file(str(tmp_path / "counter_1.db")):  # type: ignore[no-untyped-call]
            assert time.monotonic() < end
            time.sleep(0.02)
        held.close()


class TestExposition:
    @pytest.mark.parametrize("cut", [0, 3, 60])
    def test_counts_on_where_the_files_are_cut_under_it(self, tmp_path: Path, cut: int) -> None:
        cut_short, after = counted(tmp_path, COUNT.format(cut=cut)).split("---")
        assert 'status="200"} 3.0' in cut_short  # what is in memory is written anew
        assert 'epicml_http_requests_total{method="GET",route="a",status="200"} 7.0' in after
        assert 'epicml_http_requests_total{method="GET",route="b",status="200"} 1.0' in after
        assert 'epicml_http_request_duration_seconds_bucket{le="0.0025",route="a"} 2.0' in after

    @pytest.mark.parametrize("rubbish", [b"", b"xx", b"\xff" * 100, b"\x40\x00\x00\x00" + b"\x01" * 200])
    def test_leaves_out_what_cannot_be_read(self, tmp_path: Path, rubbish: bytes) -> None:
        (tmp_path / "counter_1.db").write_bytes(rubbish)
        program = (
            "from apps.platform.services.metrics import REQUESTS, exposition\n"
            "REQUESTS.labels('a', 'GET', '200').inc(3)\nprint(exposition().decode())"
        )
        assert 'status="200"} 3.0' in counted(tmp_path, program)

    def test_leaves_out_what_a_process_had_that_is_gone(self, tmp_path: Path) -> None:
        gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
        for process, value in ((int(gone.stdout), 5.0), (os.getpid(), 3.0)):
            held = WrittenDict(str(tmp_path / f"gauge_livesum_{process}.db"))
            held.write_value('["waiting", "waiting", {}, "What waits."]', value, 0.0)
            held.close()
        assert "\nwaiting 3.0\n" in counted(
            tmp_path, "from apps.platform.services.metrics import exposition; print(exposition().decode())"
        )
