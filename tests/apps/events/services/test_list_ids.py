from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from apps.events.services.list_ids import RANDOM_BITS, lowest_id, uuid7

MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
BITS = st.integers(0, 2**RANDOM_BITS - 1)


class TestUuid7:
    def test_is_that_of_the_test_vector_of_rfc_9562(self) -> None:
        # Appendix A.6: 0x017F22E279B0 is 2022-02-22 19:22:22 UTC, rand_a 0xCC3, rand_b 0b01, 0x8C4DC0C0C07398F.
        made = uuid7(0x017F22E279B0, random_bits=0xCC3 << 62 | 0b01 << 60 | 0x8C4DC0C0C07398F)
        assert made == UUID("017F22E2-79B0-7CC3-98C4-DC0C0C07398F")

    @given(at=st.integers(0, 2**48 - 1), bits=BITS)
    def test_says_its_version_and_variant(self, at: int, bits: int) -> None:
        made = uuid7(at, random_bits=bits)
        assert (made.version, made.variant) == (7, "specified in RFC 4122")

    @given(at=st.integers(0, 2**48 - 2), earlier=BITS, later=BITS)
    def test_sorts_by_time_whatever_the_random_bits_are(self, at: int, earlier: int, later: int) -> None:
        first, second = uuid7(at, random_bits=earlier), uuid7(at + 1, random_bits=later)
        assert first < second
        assert str(first) < str(second)


class TestLowestId:
    @given(moment=MOMENTS, bits=BITS)
    def test_parts_what_was_made_before_from_what_was_made_since(self, moment: datetime, bits: int) -> None:
        bound = lowest_id(moment)
        millisecond = int((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))
        assert uuid7(millisecond - 1, random_bits=bits) < bound
        assert uuid7(millisecond, random_bits=bits) >= bound
