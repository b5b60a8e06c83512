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
        _, dtype = typing.get_args(getattr(arrays, name))

        assert typing.get_args(dtype) == (scalar,)
