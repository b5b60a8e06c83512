import re

import pytest

from apps.platform.api.bounds import FREE_TEXT, SOME_TEXT, whole_form
from apps.platform.api.strict import Text
from apps.platform.api.values import WrongValueError

TEXTS = ("", " ", "a", " a ", "a\0", "\n", "a\x85", "é", "\u3000", "a\tb", "\x7f", "x" * 200)


def takes(text: str, *, required: bool) -> bool:
    try:
        Text(max_length=300, required=required).read(text)
    except WrongValueError:
        return False
    return True


class TestForms:
    @pytest.mark.parametrize("text", TEXTS)
    def test_say_of_text_what_is_read(self, text: str) -> None:
        assert bool(re.fullmatch(FREE_TEXT, text)) is takes(text, required=False)
        assert bool(re.fullmatch(SOME_TEXT, text)) is takes(text, required=True)

    def test_say_the_same_of_every_letter(self) -> None:
        letters = [chr(code) for code in range(0x30000) if not 0xD800 <= code < 0xE000]
        some = re.compile(SOME_TEXT)
        differing = [letter for letter in letters if (some.fullmatch(letter) is None) is takes(letter, required=True)]
        assert differing == []

    def test_are_written_as_json_schema_writes_them(self) -> None:
        assert whole_form(r"(?!\.{1,2}\Z)[a.]{1,3}") == r"^(?!\.{1,2}$)[a.]{1,3}$"
