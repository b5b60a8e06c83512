import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.text.languages import TWO_LETTERS, UNKNOWN, UnknownLanguageError, language_code

any_text = st.text(st.characters())

# The twenty languages of ISO 639-2 that have a bibliographic code beside their terminological one.
TWINS = """
alb sqi sq, arm hye hy, baq eus eu, bur mya my, chi zho zh, cze ces cs, dut nld nl, fre fra fr, geo kat ka, ger deu de,
gre ell el, ice isl is, mac mkd mk, mao mri mi, may msa ms, per fas fa, rum ron ro, slo slk sk, tib bod bo, wel cym cy
"""


class TestLanguageCode:
    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("en", "en"),
            ("eng", "en"),
            ("EN", "en"),
            ("Eng", "en"),
            (" en ", "en"),
            ("en-US", "en"),
            ("en_gb", "en"),
            ("eng-GB", "en"),
            ("zh-Hant-TW", "zh"),
            ("de-CH-1996", "de"),
            ("gla", "gd"),
            ("hat", "ht"),
            ("jav", "jv"),
            ("que", "qu"),
            ("swa", "sw"),
            ("fil", "fil"),  # no two letters for these two
            ("mul", "mul"),
            ("", UNKNOWN),
            (" \t", UNKNOWN),
            ("und", UNKNOWN),
        ],
    )
    def test_writes_a_language_one_way(self, text: str, code: str) -> None:
        assert language_code(text) == code

    @pytest.mark.parametrize("twins", [twins.split() for twins in TWINS.split(",")], ids="-".join)
    def test_takes_the_bibliographic_code_for_the_same_language(self, twins: list[str]) -> None:
        assert {language_code(code) for code in twins} == {twins[-1]}

    def test_knows_every_language_that_has_two_letters(self) -> None:
        # ISO 639-2 lists 184 of them, 20 twice; for Bihari, bh is listed although ISO 639-1 has given it up.
        assert len(TWO_LETTERS) == 184 + 20
        assert len(set(TWO_LETTERS.values())) == 184
        assert {(len(three), len(two)) for three, two in TWO_LETTERS.items()} == {(3, 2)}

    @pytest.mark.parametrize("text", ["e", "english", "en-", "-en", "en US", "e1", "né", "en/de", "en,de", "en\x00"])
    def test_refuses_what_is_no_code_and_says_it(self, text: str) -> None:
        with pytest.raises(UnknownLanguageError, match="no language code") as refusal:
            language_code(text)

        assert repr(text) in str(refusal.value)

    def test_quotes_no_more_than_the_beginning_of_a_long_text(self) -> None:
        with pytest.raises(UnknownLanguageError) as refusal:
            language_code("x" * 10_000)

        assert len(str(refusal.value)) < 120

    @given(any_text)
    def test_gives_a_code_or_refuses_any_text(self, text: str) -> None:
        try:
            code = language_code(text)
        except UnknownLanguageError:
            return
        assert code.isascii()
        assert code.islower()
        assert len(code) in {2, 3}

    @given(st.from_regex(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,2}", fullmatch=True))
    def test_leaves_a_code_it_has_written_as_it_is(self, text: str) -> None:
        code = language_code(text)

        assert language_code(code) == code
        assert language_code(text.upper()) == language_code(text.lower()) == code
