"""Profile of the social networks: the section `network`.

Belongs here: each key of the section with its type, range and unit. Does not belong here: values.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from sources.companies.demo.profile_core import Amount, Positive, Section, Share

BEHAVIOURS = ("creator", "conversationalist", "critic", "collector", "joiner", "spectator", "inactive")


class Platform(Section):
    """A social network."""

    weight: Amount = Field(description="weight among accounts")
    own_handle: str = Field(description="the company's account")
    competitors: list[str] = Field(description="accounts of competitors")


class Topic(Section):
    """Something that people talk about; its intensity grows as a logistic and fades exponentially."""

    kind: Literal["brand", "competitor", "product", "general"]
    born: date = Field(description="day on which it is half grown")
    growth_days: Positive = Field(description="time scale of its growth, days")
    half_life_days: Positive = Field(description="days in which it halves, once grown")
    intensity: Positive = Field(description="weight among topics at its height")


class Network(Section):
    """Accounts, follows, posts and topics."""

    platforms: dict[str, Platform]
    account_share: Share = Field(description="share of persons with an account; they have one each")
    linked_share: Share = Field(description="share of those accounts whose customer reference is known")
    email_shown_share: Share = Field(description="share of those accounts that show an e-mail")
    strangers_per_account: Amount = Field(description="accounts of strangers, per account of a person")
    community_size: Positive = Field(description="mean number of accounts in a community")
    follows_mean: Amount = Field(description="mean number of accounts that an account comes to follow (geometric)")
    follow_days: Positive = Field(description="mean days from an account's creation to a follow")
    between_share: Share = Field(
        description="share of follows out of the community (second follows of one account fall away)"
    )
    copied_share: Share = Field(
        description="share of follows that copy an earlier one's target (preferential attachment)"
    )
    unfollow_per_year: Share = Field(description="chance a year that a follow ends")
    follow_own_share: Share = Field(description="share of persons' accounts that follow the company")
    follow_competitor_share: Share = Field(description="share of accounts that follow a competitor")
    behaviours: dict[Literal[BEHAVIOURS], Share] = Field(  # type: ignore[valid-type]
        description="share of accounts with this behaviour; an account may have several, one with none is inactive"
    )
    acts_per_year: dict[Literal[BEHAVIOURS], Amount] = Field(  # type: ignore[valid-type]
        description="posts, replies, reviews, shares, likes, joins a year that the behaviour adds (Poisson)"
    )
    topics: dict[str, Topic]
    topics_extra: Amount = Field(description="mean number of topics of a post beyond the first (Poisson)")
    brand_share: Share = Field(description="share of posts of customers that are about the company")
    sentiment_spread: Amount = Field(
        description="standard deviation of a post's mood around the satisfaction, points of 5"
    )
    coupon_share: Share = Field(description="share of follows of coupon users along which the code is passed on")
    coupon_days: Positive = Field(description="mean days from one use of a code to its passing on")
    coupon_depth: int = Field(ge=1, le=6, description="how many follows in a row a code may travel")
