from pathlib import Path

from apps.platform.services.file_sums import FileSum, file_sum


class TestFileSum:
    def test_is_the_published_one(self, tmp_path: Path) -> None:
        (tmp_path / "abc").write_bytes(b"abc")
        # FIPS 180-2, appendix B.1.
        abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        assert file_sum(tmp_path / "abc") == FileSum(3, abc)
