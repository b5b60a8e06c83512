import typing

import numpy as np
import pytest

from epicml.datasets import arrays


class TestArrayNames:
    @pytest.mark.parametrize(
        ("name", "scalar"),
        [
            ("Bools", np.bool_),
            ("Int8s", np.int8),
            ("Int32s", np.int32),
            ("Int64s", np.int64),
            ("Float32s", np.float32),
            ("Float64s", np.float64),
        ],
    )
    def test_say_what_is_in_the_array(self, name: str, scalar: type[np.generic]) -> None:
        assert scalars_in(getattr(arrays, name)) == {scalar}


def scalars_in(alias: object) -> set[object]:
    """The scalar types that a type names, however deep; numpy 2.5 nests them less deeply than 2.4."""
    inside = typing.get_args(alias)
    if inside:
        return {scalar for part in inside for scalar in scalars_in(part)}
    return {alias} if isinstance(alias, type) and issubclass(alias, np.generic) else set()
