"""Numbers are written as people read them, by one rule each."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.statistics.intervals import Interval
from pipeline.text import numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1e-17, "0"),
        (-0.0004, "−0.00040"),
        (-0.000032, "−3.2×10⁻⁵"),
        (0.01 - 1e-12, "+0.010"),
        (0.25, "+0.250"),
        (12.345, "+12.35"),
        (-12345.6, "−12,346"),
    ],
)
def test_a_difference_has_its_sign_and_the_digits_that_it_needs(value: float, text: str) -> None:
    assert numbers.signed(value) == text
    assert numbers.fixed(value) == text.removeprefix("+")


@given(st.floats(-1e6, 1e6))
def test_no_figure_is_written_as_zeros_or_with_a_hyphen(value: float) -> None:
    for text in (numbers.fixed(value), numbers.signed(value), numbers.percent(value)):
        assert "-" not in text
        assert not re.fullmatch(r"[+−]?0\.0+(\s%)?", text), text
        if abs(value) >= numbers.NOTHING:
            assert any(digit in text for digit in "123456789"), text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"), (1, "100 %"), (0.95, "95 %"), (0.9954, "99.5 %"), (0.9999, "99.99 %"),
        (0.0671, "6.7 %"), (0.00004, "0.0040 %"), (-0.48, "−48 %"),
    ],
)  # fmt: skip
def test_a_share_is_none_or_all_only_if_it_is_so(share: float, text: str) -> None:
    assert numbers.percent(share).replace(numbers.SPACE, " ") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "off"), (0.0, "off"), (7, "7"), (32.0, "32"), (0.278123, "0.278"), (1e-7, "10⁻⁷"),
     (1.78e-6, "1.78×10⁻⁶"), (2000.0, "2,000")],
)  # fmt: skip
def test_a_setting_is_written_as_people_write_it(value: float | None, text: str) -> None:
    assert numbers.setting(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(12.1275, "12.13"), (-0.2293, "−0.2293"), (123456.7, "123,457"), (1.2341e-7, "1.234×10⁻⁷")],
)
def test_a_value_of_the_data_has_no_exponent(value: float, text: str) -> None:
    assert numbers.measured(value) == text


def test_ranges_of_values_have_no_infinite_end() -> None:
    assert numbers.ranges([12.1275, 13.37, 15.78]) == [
        "up to 12.13", "12.13 to 13.37", "13.37 to 15.78", "above 15.78"
    ]  # fmt: skip


def test_bounds_follow_the_same_rule_each() -> None:
    interval = Interval(0.1, -0.0123, 0.345678)
    assert numbers.between(interval) == "−0.012 to +0.346"
    assert numbers.bounds(interval) == "−0.012 to 0.346"


def test_means_of_counts_have_no_decimal_without_need() -> None:
    assert [numbers.average(value) for value in (75.0, 74.5, 9.96)] == ["75", "74.5", "10"]
