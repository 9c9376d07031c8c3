"""Profile of campaigns and what they do: the sections `campaigns`, `contacts`, `consent` and `truth`.

Belongs here: each key of these sections with its type, range and unit. Does not belong here: values.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, model_validator

from sources.companies.demo.codes import CHANNELS
from sources.companies.demo.profile_core import Amount, Positive, Section, Share


class Campaign(Section):
    """One campaign, carried out within the world or planned after its end."""

    name: str
    objective: Literal["acquire", "retain", "cross_sell", "up_sell", "win_back", "care", "loyalty"]
    offer: Literal["discount_pct", "discount_amount", "gift", "points", "information"]
    offer_value: Amount = Field(description="percent, home currency or points")
    category: str | None = Field(None, description="target category; absent = all")
    starts: date = Field(description="first day")
    days: int = Field(ge=1, description="days on which contacts are sent")
    channels: list[str] = Field(min_length=1, description="channel codes")
    eligibility: str = Field(description="segment that may be contacted (names: docs of the demo)")
    base_effect: Share = Field(description="base_k: chance of one extra order from a contact to an average person")
    drift: float = Field(description="change of the logarithm of the effect per 28 days since the start")
    random_share: Share = Field(
        description="share of persons selected by lot, with controls; the rest by the sales rule"
    )
    contact_share: Share = Field(description="share of eligible persons contacted")
    control_pct: float = Field(ge=0, le=100, description="percent of those by lot who are held out")
    budget: Amount = Field(description="home currency, for the reference number of persons")

    @model_validator(mode="after")
    def _channels_known(self) -> Campaign:
        strangers = [name for name in self.channels if name not in CHANNELS]
        if strangers:
            raise ValueError(f"unknown channel {', '.join(strangers)}")
        return self


class ChannelCost(Section):
    """What contacts through a channel cost and how they fare."""

    unit_cost: Amount = Field(description="home currency a contact")
    fixed_cost: Amount = Field(description="home currency a campaign")
    capacity_per_day: int = Field(ge=0, description="contacts a day, for the reference number of persons")
    bounce: Share = Field(description="share of contacts that do not arrive")
    open: Share = Field(
        description="share of arrived contacts opened by a person who has nothing in mind; 0 = not seen"
    )
    click: Share = Field(description="share of opened contacts clicked by such a person; 0 = not seen")
    effect: Amount = Field(description="mean of the channel's part in affinity_ic")
    needs_consent: bool


class Contacts(Section):
    """What a contact does to a person."""

    reference_persons: int = Field(ge=1, description="persons for whom budgets and capacities are stated; they scale")
    window_days: int = Field(ge=1, le=45, description="response window after a contact")
    negative_share: Share = Field(description="share of persons with a negative beta_i")
    response_shape: Positive = Field(description="shape of the gamma of |beta_i|, mean 1")
    negative_scale: Amount = Field(description="mean of |beta_i| among negative persons")
    fatigue: Amount = Field(description="mean of phi_i, per contact of the last 28 days (exponential)")
    affinity_concentration: Positive = Field(
        description="gamma shape of a person's affinity to a channel; large = all alike"
    )
    match_limit: Positive = Field(description="largest factor of matching taste and category")
    hour_amplitude: Share = Field(description="hour_ih = 1 + this x cos(2 pi (hour - preferred hour) / 24)")
    largest_effect: Share = Field(description="no contact changes the chance by more than this")
    brought_forward_share: Share = Field(description="kappa: share of extra orders that are only brought forward")
    brought_forward_days: int = Field(ge=1, le=150, description="how far ahead an order may be taken from, days")
    cancel_share: Share = Field(description="share of negative outcomes that cancel the next order instead of leaving")
    response_days: Positive = Field(description="mean days from a contact to the extra order")
    redeem_share: Share = Field(description="share of orders in the window that use a coupon, whoever caused them")
    intent_odds: Positive = Field(description="factor on the odds of opening and clicking if the person buys anyway")
    effect_odds: Positive = Field(
        description="factor on the odds of opening and clicking if the contact causes an order"
    )
    complaint_rate: Share = Field(description="share of delivered contacts that draw a complaint")
    rule_recency_days: Positive = Field(description="the sales rule likes orders within about these days")
    rule_spend: Positive = Field(description="the sales rule likes a year's spend above about this, home currency")
    rule_sharpness: Amount = Field(description="how strictly the rule is followed; 0 = by lot")
    point_value: Amount = Field(description="what a loyalty point costs the company, home currency")
    leave_horizon_days: int = Field(ge=1, description="a person who leaves costs the expected margin of so many days")
    channels: dict[str, ChannelCost]

    @model_validator(mode="after")
    def _channels_known(self) -> Contacts:
        strangers = [name for name in self.channels if name not in CHANNELS]
        if strangers:
            raise ValueError(f"channels: unknown channel {', '.join(strangers)}")
        return self


class Consent(Section):
    """Permissions."""

    purposes: list[str] = Field(min_length=1, description="purposes asked for; the first is the one of campaigns")
    given_at_arrival: dict[str, Share] = Field(description="share of records with an opt-in on arrival, by channel")
    unknown_share: Share = Field(description="share of records and channels about which nothing is on file")
    opt_out_per_year: Share = Field(description="chance a year to withdraw a consent, without pressure")
    opt_in_per_year: Share = Field(description="chance a year to give a consent that was withheld")
    opt_out_per_contact: Share = Field(description="chance to withdraw the channel's consent after a contact")
    pressure: Amount = Field(description="added share of that chance per contact of the last 28 days")


class Truth(Section):
    """What is written down of the truth."""

    effect_persons: int = Field(
        ge=0, description="persons whose effects are listed in truth/effect; a lot decides beyond"
    )
