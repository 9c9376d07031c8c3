"""What every step of a run knows before it starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagster_project.settings import StellaError
from tests.unit.operations.shop import session_of


@pytest.mark.parametrize(
    ("given", "accepted"), [("", []), ("order_lines", ["order_lines"]), (" order_lines , ", ["order_lines"])]
)
def test_feeds_that_go_in_all_the_same_are_a_list_by_comma(company: Path, given: str, accepted: list[str]) -> None:
    assert session_of(company, accept=given).accepted == accepted


def test_a_feed_that_is_none_is_told_before_anything_starts(company: Path) -> None:
    with pytest.raises(
        StellaError, match=r"STELLA_ACCEPT=orderlines: shop has no such feed\. Did you mean 'order_lines'\?"
    ):
        _ = session_of(company, accept="orderlines").accepted
