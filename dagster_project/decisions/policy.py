"""What a company decides about its contacts, typed, with defaults that hold where it says nothing.

Belongs here: the knobs of section `decisions:` of company.yml. Does not belong here: what a campaign says of itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from dagster_project.settings import StellaError


class DecisionPolicy(BaseModel):
    """The knobs of decisions; unknown keys are refused, `discount_rate` and `scoring` are left to scoring."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    time_zone: str = Field(default="UTC", description="The company's time zone; planned days and hours are in it.")
    contact_limit: int = Field(default=4, ge=0, description="Most outbound contacts a customer gets in a window.")
    contact_window_days: int = Field(default=28, ge=1, description="Length of that window, days.")
    contact_gap_days: int = Field(default=2, ge=1, description="Days from one planned contact to the next, at least.")
    control_pct: float = Field(
        default=10.0, ge=0, le=90, description="Held out where the campaign says nothing, per cent."
    )
    horizon_days: int = Field(default=28, ge=1, le=366, description="How many days the contact plan covers.")
    response_window_days: int = Field(default=28, ge=1, description="Days in which an order counts as an answer.")
    aftermath_days: int = Field(
        default=90, ge=1, description="Days after that in which orders brought forward, or customers lost, are missed."
    )
    fatigue_share: float = Field(
        default=0.1, ge=0, lt=1, description="Share of its effect that a contact loses per other contact in the window."
    )
    consent_purpose: str = Field(default="marketing", description="Purpose of consent that a campaign needs.")
    min_age_years: int = Field(default=18, ge=0, description="Younger customers are never contacted.")
    bounce_days: int = Field(default=365, ge=0, description="How long a channel is left alone after a bounce.")
    earliest_hour: int = Field(default=9, ge=0, le=23, description="No contact before this hour.")
    latest_hour: int = Field(default=19, ge=0, le=23, description="No contact starts after this hour.")
    default_hour: int = Field(default=10, ge=0, le=23, description="Hour for customers whose habits are not known.")
    point_value: float = Field(default=0.01, ge=0, description="Cost of one loyalty point, home currency.")
    redemption_share: float = Field(
        default=1.0, ge=0, le=1, description="Share of orders that use the offer, where the past does not tell."
    )
    interval_level: float = Field(default=0.90, gt=0, lt=1, description="Level of the intervals of expected profit.")

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError("no such time zone") from None
        return name

    @model_validator(mode="after")
    def _hours_in_order(self) -> Self:
        if not self.earliest_hour <= self.default_hour <= self.latest_hour:
            raise ValueError("earliest_hour <= default_hour <= latest_hour does not hold")
        return self

    @classmethod
    def from_company(cls, company: Mapping[str, Any]) -> DecisionPolicy:
        """Read the policy from the mapping that `company.yml` holds.

        Raises:
            StellaError: a key is unknown or a value is out of its range.
        """
        given = {k: v for k, v in (company.get("decisions") or {}).items() if k not in {"discount_rate", "scoring"}}
        given.setdefault("time_zone", company.get("time_zone", "UTC"))
        try:
            return cls(**given)
        except ValidationError as fault:
            lines = [f"{'.'.join(['decisions', *map(str, e['loc'])])}: {e['msg']}" for e in fault.errors()]
            raise StellaError("company.yml: " + "; ".join(lines)) from None
