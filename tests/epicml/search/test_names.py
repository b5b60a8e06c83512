import pytest

from epicml.search.names import goes_on_like
from epicml.search.plan import Typed


class TestGoesOnLike:
    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("J.R.R. Tolkien", "jrr"),
            ("J.R.R. Tolkien", "j. r. r. t"),
            ("JK Rowling", "j.k. rowling"),
            ("Edgar Rice Burroughs", "er b"),
            ("Dr. Seuss", "doctor seuss "),
            ("Tim O'Brien", "o br"),
            ("The Hunger Games", "hunger g"),
            ("村上春樹", "村上"),
        ],
    )
    def test_takes_a_name_in_any_reading(self, name: str, text: str) -> None:
        assert goes_on_like(name, Typed.read(text))

    @pytest.mark.parametrize(
        ("name", "text"),
        [("J.R.R. Tolkien", "tolkiens"), ("Roald Dahl", "ahl"), ("Roald Dahl", "dahl roald"), ("A", "")],
    )
    def test_takes_no_other_name(self, name: str, text: str) -> None:
        assert not goes_on_like(name, Typed.read(text))
