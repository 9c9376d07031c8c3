"""Profile of buying: the sections `catalogue`, `buying`, `orders` and `aftercare`.

Belongs here: each key of these sections with its type, range and unit. Does not belong here: values.
"""

from __future__ import annotations

from pydantic import Field, model_validator

from sources.companies.demo.profile_core import Amount, Count, Positive, Section, Share


class Category(Section):
    """A category of the catalogue."""

    department: str
    products: int = Field(ge=1, description="number of products")
    price: Positive = Field(description="median list price before tax, home currency")
    price_spread: Amount = Field(description="standard deviation of the logarithm of the list price")
    cost_share: Share = Field(description="mean unit cost as a share of the list price")
    season_peak: int = Field(ge=1, le=12, description="month in which it sells best")
    season_strength: Share = Field(description="amplitude of its season, share of its mean")
    refill_days: Count = Field(description="days that a unit lasts in a device that reports it; 0 = no device")


class Catalogue(Section):
    """What is sold, and where."""

    categories: dict[str, Category]
    popularity_exponent: Amount = Field(description="exponent of Zipf's law of popularity within a category")
    new_products_share: Share = Field(description="share of products launched after the start, spread over the world")
    price_updates: Count = Field(description="changes of price and cost a product over the world")
    price_change: Amount = Field(description="standard deviation of the logarithm of a change of price")
    stores: int = Field(ge=1, description="number of stores")
    partners: int = Field(ge=1, description="number of brokers")
    agents: int = Field(ge=1, description="number of agents in the call centre and the sales team")
    partner_commission: list[Share] = Field(min_length=2, max_length=2, description="lowest and highest commission")


class Archetype(Section):
    """A kind of taste."""

    share: Amount = Field(description="weight among persons")
    tastes: dict[str, Positive] = Field(description="weight by category; a category not named has weight 1")


class Pair(Section):
    """Two products bought together more often than chance would have it."""

    first: str = Field(pattern=r"^.+:\d+$", description="category:rank in popularity, from 0")
    second: str = Field(pattern=r"^.+:\d+$", description="category:rank in popularity, from 0")
    lift: float = Field(ge=1, description="P(second | first) over P(second)")


class Sequence(Section):
    """A product that is followed by another."""

    first: str = Field(pattern=r"^.+:\d+$", description="category:rank in popularity, from 0")
    then: str = Field(pattern=r"^.+:\d+$", description="category:rank in popularity, from 0")
    probability: Share = Field(description="chance that the first is followed by the other")
    days: Positive = Field(description="mean days until it follows")
    days_spread: Amount = Field(description="standard deviation of those days")


class Buying(Section):
    """When, how much and what persons buy of their own will."""

    rate_shape: Positive = Field(description="r of the gamma of purchase rates")
    rate_scale: Positive = Field(description="alpha of the gamma of purchase rates, weeks")
    dropout_a: Positive = Field(description="a of the beta of dropout after an order")
    dropout_b: Positive = Field(description="b of the beta of dropout after an order")
    spend_shape: Positive = Field(description="p of gamma-gamma: shape of a person's order values")
    spend_mean_shape: Positive = Field(description="q of gamma-gamma: shape of the gamma of rates nu")
    spend_scale: Positive = Field(description="v of gamma-gamma: rate of the gamma of rates nu, home currency")
    taste_concentration: Positive = Field(
        description="sum of the Dirichlet's parameters; large = all as their archetype"
    )
    archetypes: dict[str, Archetype]
    extra_lines: Amount = Field(description="mean number of lines beyond the first in an order (Poisson)")
    most_lines: int = Field(ge=1, le=40, description="most lines of an order, planted ones aside")
    quantity_extra: Amount = Field(description="mean number of units beyond the first in a line (Poisson)")
    price_fits_value: bool = Field(description="True: products are chosen so that list prices suit the order's value")
    pairs: list[Pair]
    sequences: list[Sequence]
    hour_peak: Share = Field(description="mean preferred hour, as a share of the day")
    hour_spread: Amount = Field(description="standard deviation of a person's preferred hour, hours")
    hour_noise: Amount = Field(description="standard deviation of an order's hour around the person's, hours")

    hour_follows_process: bool = Field(description="True: hours are those of the purchase process, not of habit")

    @model_validator(mode="after")
    def _archetypes_weigh(self) -> Buying:
        if sum(a.share for a in self.archetypes.values()) <= 0:
            raise ValueError("archetypes: at least one needs a share above 0")
        return self


class OrderSection(Section):
    """How orders come in."""

    channels: dict[str, Positive] = Field(
        description="Dirichlet parameters of the shares of web, app, store, call_centre, partner"
    )
    anonymous_share: Share = Field(description="share of store orders without a customer reference")
    cancelled_share: Share = Field(description="share of orders that are called off")
    return_share: Share = Field(description="share of lines that come back")
    return_days: Positive = Field(description="mean days until a line comes back")
    unit_cost_given: bool = Field(description="True: lines carry their unit cost")


class Aftercare(Section):
    """What goes wrong after an order, and what that does to the customer."""

    case_rate: Share = Field(description="share of orders after which the customer asks or complains")
    reply_hours: Positive = Field(description="median business hours to the first answer at normal load")
    solve_hours: Positive = Field(description="median business hours to the solution at normal load")
    hours_spread: Amount = Field(description="standard deviation of the logarithm of these hours")
    load_exponent: Amount = Field(description="hours grow with load to this power")
    satisfaction_mean: float = Field(ge=1, le=5, description="mean satisfaction after an order without a case")
    satisfaction_spread: Amount = Field(description="its standard deviation")
    patience_hours: Positive = Field(description="business hours to the solution that a customer takes for granted")
    satisfaction_per_doubling: Amount = Field(description="loss of satisfaction per doubling of hours over these")
    dropout_per_point: Share = Field(description="added chance to leave after an order, per point below 3")
