from argparse import ArgumentTypeError

import pytest

from apps.jobs.management.arguments import grace_seconds, process_count


class TestProcessCount:
    @pytest.mark.parametrize(("text", "count"), [("1", 1), ("64", 64), ("007", 7)])
    def test_reads_a_whole_number(self, text: str, count: int) -> None:
        assert process_count(text) == count

    @pytest.mark.parametrize("text", ["0", "65", "-1", "+1", "1.0", "two", "", " 1", "²", "٣", "1_0"])
    def test_refuses_anything_else_by_name(self, text: str) -> None:
        with pytest.raises(ArgumentTypeError) as refused:
            process_count(text)
        assert str(refused.value) == f"must be a whole number from 1 to 64, not {text!r}"


class TestGraceSeconds:
    @pytest.mark.parametrize(("text", "seconds"), [("0", 0.0), ("0.5", 0.5), ("3600", 3600.0), ("1e1", 10.0)])
    def test_reads_seconds(self, text: str, seconds: float) -> None:
        assert grace_seconds(text) == seconds

    @pytest.mark.parametrize("text", ["-1", "-0.1", "3600.1", "inf", "-inf", "nan", "soon", ""])
    def test_refuses_anything_else_by_name(self, text: str) -> None:
        with pytest.raises(ArgumentTypeError) as refused:
            grace_seconds(text)
        assert str(refused.value) == f"must be seconds from 0 to 3600, not {text!r}"
