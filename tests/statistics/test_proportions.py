from __future__ import annotations

import pytest

from pipeline.statistics.proportions import wilson


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_share_lies_in_its_interval_whatever_the_rounding(share: float) -> None:
    """Charts refuse error bars of negative length, and be it -1e-16."""
    for rows in range(1, 1000):
        interval = wilson(share, rows, 0.95)
        assert 0.0 <= interval.low <= share <= interval.high <= 1.0
        assert interval.high - interval.low > 0.003
