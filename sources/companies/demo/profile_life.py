"""Profile of the rest of a life: the sections `web`, `service`, `touchpoints`, `loyalty`, `sales`, `devices`.

Belongs here: each key of these sections with its type, range and unit. Does not belong here: values — they are in
`world.yml` — nor the core's own sections (`profile_core`, `profile_buying`, `profile_campaigns`).
"""

from __future__ import annotations

from pydantic import Field, model_validator

from sources.companies.demo.codes import CHANNELS
from sources.companies.demo.profile_core import Amount, Count, Positive, Section, Share

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY_HOURS = 24.0


class TrafficSource(Section):
    """How a visitor finds the site."""

    weight: Amount = Field(description="weight among visits that no campaign caused")
    referrer: str = Field(description="referrer_url of the landing page; empty = none")
    utm_source: str = Field(description="empty = no UTM parameters")
    utm_medium: str
    utm_campaign: str


class Web(Section):
    """Visits to the web shop and the app."""

    site: str = Field(pattern="^https://.+[^/]$", description="address of the site, without a slash at the end")
    tracked_share: Share = Field(description="share of persons who let their visits be measured; steers the volume")
    visits_per_year: Amount = Field(
        description="mean visits a person and year between orders, while a customer (Poisson)"
    )
    visits_before_order: Amount = Field(description="mean visits before a web or app order (Poisson)")
    before_order_days: Positive = Field(description="mean days from such a visit to the order")
    visits_before_arrival: Amount = Field(description="mean visits before a person registers (Poisson)")
    strangers_per_person: Share = Field(description="visits of people who never register, per person")
    views_per_visit: Amount = Field(description="mean product views of a visit beyond the first (Poisson)")
    most_views: int = Field(ge=1, le=30, description="most product views of a visit")
    search_share: Share = Field(description="share of visits with a search")
    cart_share: Share = Field(
        description="share of visits without an order in which the last product goes into the cart"
    )
    checkout_share: Share = Field(description="share of such carts that reach the checkout and are left there")
    content_share: Share = Field(description="share of visits with a download, a video, a podcast or a share")
    login_share: Share = Field(description="share of visits without an order in which a registered person logs in")
    dwell_seconds: Positive = Field(description="mean time on a page, seconds (exponential, at least 2)")
    device_weights: list[Amount] = Field(min_length=1, max_length=4, description="weights of 1, 2, 3, 4 own devices")
    shared_device_share: Share = Field(description="share of households of two or more with a device that all use")
    shared_use_share: Share = Field(description="share of their members' visits that happen on it")
    cookie_days: Positive = Field(description="days until a device gets a new visitor id")
    sources: dict[str, TrafficSource]
    search_terms: dict[str, list[str]] = Field(
        description="terms by category; a category not named is searched by name"
    )

    @model_validator(mode="after")
    def _sources_weigh(self) -> Web:
        if sum(source.weight for source in self.sources.values()) <= 0:
            raise ValueError("sources: at least one needs a weight above 0")
        return self


class Service(Section):
    """Service cases: from orders that went wrong (`aftercare` has their rate and hours) and without an order."""

    general_per_year: Amount = Field(description="cases a person and year that no order caused (Poisson)")
    open_hours: dict[str, tuple[float, float]] = Field(
        description="when the teams work, first and last hour of the local day; closed on other days and on holidays"
    )
    opens_after_days: Positive = Field(description="mean days from an order to its case")
    channels: dict[str, Amount] = Field(description="weights of channels through which cases come")
    hours_factor: dict[str, Positive] = Field(description="by channel: multiple of the hours to answer and to solve")
    topics: dict[str, Amount] = Field(description="weights of topics of cases from orders")
    general_topics: dict[str, Amount] = Field(description="weights of topics of other cases")
    complaint_share: Share = Field(description="share of cases from orders that are complaints, at satisfaction 3")
    complaint_per_point: Share = Field(description="added share per point of satisfaction below 3, taken off above")
    survey_share: Share = Field(description="share of solved cases with an answer to the satisfaction survey")
    recommend_share: Share = Field(description="share of those who also answer whether they would recommend")
    known_share: Share = Field(description="share of cases that carry the customer's reference; others only an address")
    personal_text_share: Share = Field(
        description="share of texts in which the writer gives a phone number or an e-mail"
    )
    talk_minutes: Positive = Field(description="mean length of a call or talk, minutes (exponential)")
    call_cost: Amount = Field(description="cost of a call or talk, home currency a minute")
    message_cost: Amount = Field(description="cost of answering a message, home currency")

    @model_validator(mode="after")
    def _channels_known(self) -> Service:
        strangers = [name for name in [*self.channels, *self.hours_factor] if name not in CHANNELS]
        if strangers:
            raise ValueError(f"unknown channel {', '.join(strangers)}")
        return self

    @model_validator(mode="after")
    def _opens_and_closes(self) -> Service:
        wrong = [
            f"{day}: {begin:g} to {end:g}"
            for day, (begin, end) in self.open_hours.items()
            if day not in WEEKDAYS or not 0 <= begin < end <= _DAY_HOURS
        ]
        if wrong:
            raise ValueError(f"open_hours: not hours of a weekday: {', '.join(wrong)}")
        if not self.open_hours:
            raise ValueError("open_hours: the teams must work on one day at least")
        return self


class TouchpointKind(Section):
    """A kind of contact that neither a campaign nor a case explains."""

    channel: str
    direction: str = Field(pattern="^(inbound|outbound)$")
    purpose: str
    per_year: Amount = Field(description="contacts a person and year while a customer (Poisson)")
    organisation_factor: Amount = Field(description="multiple of that rate for organisations")
    minutes: Amount = Field(description="mean length, minutes (exponential); 0 = no end is recorded")
    cost: Amount = Field(description="cost of one, home currency")
    known_share: Share = Field(description="share that carries the customer's reference")
    outcomes: dict[str, Amount] = Field(description="weights of outcomes")

    @model_validator(mode="after")
    def _channel_known(self) -> TouchpointKind:
        if self.channel not in CHANNELS:
            raise ValueError(f"unknown channel {self.channel}")
        return self


class Touchpoints(Section):
    """Contacts beside campaigns and cases."""

    kinds: dict[str, TouchpointKind]
    store_talk_share: Share = Field(description="share of store orders with a talk that is recorded")
    phone_order_minutes: Positive = Field(description="mean length of a call that ends in an order, minutes")


class Loyalty(Section):
    """Points."""

    member_share: Share = Field(description="share of persons who collect points")
    points_per_unit: Positive = Field(description="points per unit of home currency paid, rounded down an order")
    reward_points: int = Field(ge=1, description="points of one reward")
    redeem_share: Share = Field(description="share of rewards earned that are redeemed; the others expire")
    redeem_days: Positive = Field(description="mean days from earning a reward to redeeming it")
    expire_days: int = Field(ge=1, description="days after which a reward that is not redeemed expires")
    referral_points: Count = Field(description="points for bringing a new customer")
    adjust_per_year: Share = Field(description="manual corrections a member and year")
    rewards: list[str] = Field(min_length=1)


class Sales(Section):
    """Leads and the opportunities of organisations."""

    lead_share: Share = Field(description="share of arrivals by web, advertising or partner that were leads before")
    lead_days: Positive = Field(description="mean days from lead to customer")
    strangers_per_person: Share = Field(description="leads that never become customers, per person")
    won_share: Share = Field(description="share of organisations' orders that an opportunity led to")
    lost_per_won: Amount = Field(description="mean number of opportunities lost, per one won")
    stages: list[str] = Field(min_length=2, description="stages in order, the last one is the one of success")
    lost_stage: str
    reach: list[Share] = Field(description="share of lost opportunities that reach the next stage, by stage")
    stage_days: Positive = Field(description="mean days in a stage")

    @model_validator(mode="after")
    def _reach_fits(self) -> Sales:
        if len(self.reach) != len(self.stages) - 2:
            raise ValueError("reach: one share for each stage but the first and the last")
        return self


class Devices(Section):
    """Devices that report how much is left."""

    connected_share: Share = Field(description="share of buyers of a product with refills whose device reports")
    levels: list[Share] = Field(description="shares left at which a device reports its level")
    low_level: Share = Field(description="share left at which it says that a refill is due")
    spread: Amount = Field(description="standard deviation of the logarithm of how long a unit lasts")
