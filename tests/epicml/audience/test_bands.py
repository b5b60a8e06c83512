import pytest
from hypothesis import given
from hypothesis import strategies as st

from epicml.audience.bands import BY_CODE, CODES, YOUNGEST, AgeBand, UnknownAgeBandError, may_see

bands = st.sampled_from(AgeBand)


class TestAgeBand:
    # The database stores the rank and the API writes the code: neither may ever change.
    @pytest.mark.parametrize(
        ("rank", "code", "label"),
        [
            (0, "0-5", "0 to 5"),
            (1, "6-8", "6 to 8"),
            (2, "9-11", "9 to 11"),
            (3, "12-14", "12 to 14"),
            (4, "15-17", "15 to 17"),
            (5, "adult", "adult"),
        ],
    )
    def test_keeps_its_rank_code_and_label(self, rank: int, code: str, label: str) -> None:
        band = AgeBand(rank)

        assert (band.code, band.label) == (code, label)
        assert AgeBand.from_code(code) is band

    def test_has_a_code_of_its_own_for_every_band(self) -> None:
        assert set(CODES) == set(AgeBand)
        assert len(BY_CODE) == len(AgeBand) == 6

    @pytest.mark.parametrize("code", ["", "6 to 8", "6–8", "ADULT", " 6-8", "0", "children"])
    def test_refuses_a_code_that_names_no_band_and_says_which_do(self, code: str) -> None:
        with pytest.raises(UnknownAgeBandError, match="known are 0-5, 6-8, 9-11, 12-14, 15-17, adult") as refusal:
            AgeBand.from_code(code)

        assert repr(code) in str(refusal.value)

    @given(st.text())
    def test_reads_its_own_codes_and_refuses_every_other_text(self, text: str) -> None:
        if text in CODES.values():
            assert AgeBand.from_code(text).code == text
        else:
            with pytest.raises(UnknownAgeBandError):
                AgeBand.from_code(text)


class TestMaySee:
    @pytest.mark.parametrize(
        ("reader", "seen"),
        [
            ("0-5", {"0-5"}),
            ("6-8", {"0-5", "6-8"}),
            ("9-11", {"0-5", "6-8", "9-11"}),
            ("12-14", {"0-5", "6-8", "9-11", "12-14"}),
            ("15-17", {"0-5", "6-8", "9-11", "12-14", "15-17"}),
            ("adult", {"0-5", "6-8", "9-11", "12-14", "15-17", "adult"}),
        ],
    )
    def test_shows_books_of_the_readers_band_and_below(self, reader: str, seen: set[str]) -> None:
        assert {book.code for book in AgeBand if may_see(reader=AgeBand.from_code(reader), book=book)} == seen

    def test_takes_a_reader_of_no_known_age_for_the_youngest(self) -> None:
        assert [book.code for book in AgeBand if may_see(reader=YOUNGEST, book=book)] == ["0-5"]

    @given(bands, bands, bands)
    def test_never_hides_from_an_older_reader_what_a_younger_one_may_see(
        self, one: AgeBand, other: AgeBand, book: AgeBand
    ) -> None:
        younger, older = sorted((one, other))

        assert may_see(reader=older, book=book) or not may_see(reader=younger, book=book)
