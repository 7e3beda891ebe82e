from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from pipeline.training.mixtures import mixing_shares


@pytest.mark.parametrize("alpha", [0.4, 0.7, 4.0])
def test_shares_are_betas(alpha: float) -> None:
    shares = mixing_shares(5, 2, 4000, alpha)
    assert stats.kstest(shares, stats.beta(alpha, alpha).cdf).pvalue > 0.001


def test_shares_of_unequal_folds_agree_as_far_as_both_go() -> None:
    np.testing.assert_array_equal(mixing_shares(5, 2, 40, 0.3)[:37], mixing_shares(5, 2, 37, 0.3))
    assert not np.array_equal(mixing_shares(5, 2, 40, 0.3), mixing_shares(5, 3, 40, 0.3))


def test_hardly_any_mixing_is_none() -> None:
    """So small an alpha that the usual way to draw would divide 0 by 0."""
    shares = mixing_shares(5, 2, 200, 1e-9)
    assert set(np.unique(shares)) <= {0.0, 1.0}
    assert mixing_shares(5, 2, 200, 0.0).size == 0
