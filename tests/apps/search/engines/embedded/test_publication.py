import hashlib
from pathlib import Path

import pytest

from apps.platform.services.file_sums import FileSum
from apps.search.engines.embedded.publication import INDEX, PUBLISHED, publish, published, published_stamp
from apps.search.engines.protocol import IndexBrokenError
from tests.apps.search.engines.embedded.indexes import a_book, made, write


class TestPublish:
    def test_says_of_each_file_of_the_commit_what_is_in_it(self, tmp_path: Path) -> None:
        made(tmp_path, [a_book(1, "Owl")], cursor=7)
        publication = published(tmp_path)
        segments = {path.suffix for path in (tmp_path / INDEX).iterdir()}
        assert {Path(name).suffix for name in publication.files} >= segments - {".lock", ".json"}
        for name, found in publication.files.items():
            content = (tmp_path / name).read_bytes()
            assert found == FileSum(len(content), hashlib.sha256(content).hexdigest())
        assert publication.segments == (tmp_path / INDEX / "meta.json").read_text()
        assert publication.cursor == 7

    def test_reads_no_segment_twice(self, tmp_path: Path) -> None:
        made(tmp_path, [a_book(1, "Owl")])
        (old,) = (tmp_path / INDEX).glob("*.term")
        before = published(tmp_path).files[f"{INDEX}/{old.name}"]
        old.write_bytes(b"damaged")
        publish(tmp_path, cursor=2, last_change="")
        assert published(tmp_path).files[f"{INDEX}/{old.name}"] == before

    def test_leaves_out_deletions_that_later_ones_replace(self, tmp_path: Path) -> None:
        made(tmp_path, [a_book(number, "Owl") for number in range(9)])
        for number in (1, 2, 3):
            write(tmp_path, [], removed=[number], cursor=number)
        deletions = [name for name in published(tmp_path).files if name.endswith(".del")]
        segments = published(tmp_path).segments.count('"num_deleted_docs"')
        assert len(deletions) == segments

    def test_has_another_stamp_each_time(self, tmp_path: Path) -> None:
        assert published_stamp(tmp_path / PUBLISHED) is None
        made(tmp_path, [])
        before = published_stamp(tmp_path / PUBLISHED)
        publish(tmp_path, cursor=1, last_change="")
        assert published_stamp(tmp_path / PUBLISHED) != before

    def test_is_refused_with_any_other_letter(self, tmp_path: Path) -> None:
        made(tmp_path, [])
        path = tmp_path / PUBLISHED
        sound = path.read_bytes()
        for place in range(0, len(sound), 97):
            path.write_bytes(sound[:place] + bytes([sound[place] ^ 1]) + sound[place + 1 :])
            with pytest.raises(IndexBrokenError, match="is not what was written"):
                published(tmp_path)
