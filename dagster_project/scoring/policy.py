"""What a company may decide about its scores, typed, with defaults that hold where it says nothing.

Belongs here: the knobs of scoring. Does not belong here: how campaigns are chosen (see decisions).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dagster_project.settings import StellaError


class ScoringPolicy(BaseModel):
    """The knobs of scoring: `decisions.scoring` of company.yml; `discount_rate` may stand in `decisions` itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    horizon_days: int = Field(
        default=365, ge=7, le=3650, description="How far the expected orders and value look ahead."
    )
    discount_rate: float = Field(
        default=0.10, ge=0, le=1, description="Continuous rate a year at which later margin counts less."
    )
    interval_level: float = Field(default=0.90, gt=0, lt=1, description="Share of cases that an interval is to hold.")
    draw_count: int = Field(default=200, ge=50, le=5000, description="Draws behind each interval.")
    service_case_cost: float = Field(
        default=0.0,
        ge=0,
        description="Cost of handling one service case, home currency, beyond the cost of its contacts.",
    )
    resale_share: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="Share of the cost of returned goods that is recovered by selling them again.",
    )
    cost_coverage_min_share: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Below this share of revenue with a known cost, value is counted as revenue.",
    )
    backtest_days: int = Field(
        default=182, ge=14, description="Held-back window; a third of the history where that is shorter."
    )

    @classmethod
    def from_company(cls, company: Mapping[str, Any]) -> ScoringPolicy:
        """Read the policy from the mapping that `company.yml` holds.

        Raises:
            StellaError: a key is unknown or a value is out of its range.
        """
        decisions = company.get("decisions") or {}
        given = dict(decisions.get("scoring") or {})
        if "discount_rate" in decisions:
            given.setdefault("discount_rate", decisions["discount_rate"])
        try:
            return cls(**given)
        except ValidationError as fault:
            lines = [f"decisions.scoring.{e['loc'][0]}: {e['msg']} (is {e['input']!r})" for e in fault.errors()]
            raise StellaError("company.yml: " + "; ".join(lines)) from None
