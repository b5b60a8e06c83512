"""Ids of served lists: UUIDs of version 7 (RFC 9562), which sort by the millisecond in which they were made."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

RANDOM_BITS = 74
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LOW_BITS = 62  # of the random bits, those behind the variant


def uuid7(unix_ms: int, *, random_bits: int) -> UUID:
    """Make the UUID of version 7 of a millisecond since 1970.

    Args:
        unix_ms: in [0, 2**48).
        random_bits: in [0, 2**74): the 12 bits before the variant, then the 62 behind it.

    Source: RFC 9562, section 5.7.

    >>> uuid7(0x017F22E279B0, random_bits=0xCC3 << 62 | 0x18C4DC0C0C07398F)
    UUID('017f22e2-79b0-7cc3-98c4-dc0c0c07398f')
    """
    high, low = random_bits >> _LOW_BITS, random_bits & ((1 << _LOW_BITS) - 1)
    return UUID(int=unix_ms << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)


def lowest_id(moment: datetime) -> UUID:
    """Find the bound below which every id was made before the millisecond of this moment.

    >>> lowest_id(datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC))
    UUID('017f22e2-79b0-7000-8000-000000000000')
    """
    return uuid7(unix_ms(moment), random_bits=0)


def unix_ms(moment: datetime) -> int:
    """Count the milliseconds from 1970 to this moment."""
    return (moment - _EPOCH) // _MILLISECOND


def made_at(list_id: UUID) -> datetime:
    """Read the millisecond in which an id was made.

    >>> made_at(UUID("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")).isoformat()
    '2022-02-22T19:22:22+00:00'
    """
    return _EPOCH + (list_id.int >> 80) * _MILLISECOND
