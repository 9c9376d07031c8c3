"""Drawing service cases: who asks what, through which channel, and when it is answered.

Belongs here: one row a case. Does not belong here: its versions in the feed (`service`), which order goes wrong and how
many hours an answer takes — the core draws those (`aftercare`), because they decide who stays. Hours are hours of the
teams' own clock (`business_clock`): messages come at any time, calls and talks, answers and solutions while they work.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sources.companies.demo.business_clock import BusinessClock, business_clock
from sources.companies.demo.codes import CHANNEL, Codes, Flags, Ints, Reals
from sources.companies.demo.market import at_day
from sources.companies.demo.model import Life
from sources.companies.demo.moments import day_of, moments, satisfaction_at
from sources.companies.demo.rows import DAY_SECONDS
from sources.companies.demo.scene import Scene

TALKS = CHANNEL["call_centre"], CHANNEL["store"]
"""Channels in which somebody must be there when the customer asks."""
_HOUR = 3600


@dataclass(frozen=True)
class Cases:
    """Cases of a chunk, one row a case.

    Attributes:
        key: kind (0 after an order, 1 without) and number (columns); they name the case for ever.
        person, order (row in Orders, -1), product (-1), channel (code in CHANNELS), topic (code in `topics`).
        opened, answered, solved: instants, whether or not the latter two lie in the time that is played.
        reply_hours, solve_hours: business hours from the opening to these.
        satisfaction: of the person, 1..5. is_complaint. agent: code.
    """

    key: Ints
    person: Ints
    order: Ints
    product: Ints
    channel: Codes
    topic: Ints
    opened: Ints
    answered: Ints
    solved: Ints
    reply_hours: Reals
    solve_hours: Reals
    satisfaction: Reals
    is_complaint: Flags
    agent: Ints

    def __len__(self) -> int:
        return len(self.person)


def draw_cases(scene: Scene, life: Life) -> Cases:
    """Draw the cases that are opened before the end of play."""
    orders, chance, section = life.orders, scene.chance, scene.profile.service
    row = np.flatnonzero(orders.has_case)
    delay = section.opens_after_days * DAY_SECONDS * chance.exponential("case.delay", orders.order[row])
    person, number, at = moments(scene, life, section.general_per_year, "case.general")
    kind = np.repeat([0, 1], [len(row), len(person)])
    key = np.stack([kind, np.r_[orders.order[row], person * 2**20 + number]], axis=1)
    order = np.r_[row, np.full(len(person), -1)]
    whose = np.r_[orders.person[row], person]
    opened = np.r_[orders.at[row] + _HOUR + delay.astype(np.int64), at]
    reply, solve = _hours(scene, life, key, order, opened)
    channel, clock = _channel(scene, key, solve), business_clock(scene.profile, scene.market)
    opened = np.where(np.isin(channel, TALKS), _when_open(scene, clock, key, opened), opened)
    played = np.flatnonzero(day_of(scene, opened) < scene.until)
    key, order, whose, opened = key[played], order[played], whose[played], opened[played]
    reply, solve, channel = reply[played], solve[played], channel[played]
    satisfaction = satisfaction_at(scene, life, whose, opened)
    satisfaction[order >= 0] = orders.satisfaction[order[order >= 0]]
    complaint = section.complaint_share + section.complaint_per_point * (3.0 - satisfaction)
    return Cases(
        key=key, person=whose, order=order, product=_product(scene, life, key, order), channel=channel,
        topic=_topic(scene, key), opened=opened, answered=clock.after(opened, reply),
        solved=clock.after(opened, solve), reply_hours=reply, solve_hours=solve,
        satisfaction=satisfaction, is_complaint=(order >= 0) & chance.flag(complaint, "case.complaint", *key.T),
        agent=_agent(scene, key),
    )  # fmt: skip


def _when_open(scene: Scene, clock: BusinessClock, key: Ints, wished: Ints) -> Ints:
    """Let who would call or come outside of business hours do so within some hours of the next opening."""
    late = np.where(clock.is_open(wished), 0.0, scene.chance.exponential("case.waits", *key.T))
    return clock.after(wished, late)


def topics(scene: Scene) -> tuple[str, ...]:
    """Name the topics that cases may have."""
    section = scene.profile.service
    return tuple(dict.fromkeys([*section.topics, *section.general_topics]))


def _hours(scene: Scene, life: Life, key: Ints, order: Ints, opened: Ints) -> tuple[Reals, Reals]:
    """Give business hours to the answer and to the solution: the core's for orders, else by the same law."""
    care, chance = scene.profile.aftercare, scene.chance
    load = at_day(scene.market, scene.market.service_load, day_of(scene, opened)) ** care.load_exponent
    hours = [
        median * load * np.exp(care.hours_spread * chance.normal(f"case.{what}", *key.T))
        for what, median in (("reply", care.reply_hours), ("solve", care.solve_hours))
    ]
    after = order >= 0
    for drawn, given in zip(hours, (life.orders.case_reply_hours, life.orders.case_solve_hours), strict=True):
        drawn[after] = given[order[after]]
    return hours[0], np.maximum(hours[0], hours[1])


def _channel(scene: Scene, key: Ints, solve: Reals) -> Codes:
    """Choose the channel such that hours differ between channels as the profile says.

    The hours are drawn first (they decide who stays); so the channel is drawn given the hours, by Bayes' rule with a
    log-normal law of hours in each channel.
    """
    section, care = scene.profile.service, scene.profile.aftercare
    names = [name for name, weight in section.channels.items() if weight > 0]
    factor = np.array([section.hours_factor.get(name, 1.0) for name in names])
    weight = np.array([section.channels[name] for name in names])
    spread = max(care.hours_spread, 1e-6)
    distance = (np.log(np.maximum(solve, 1e-6) / care.solve_hours)[:, None] - np.log(factor)) / spread
    likely = weight * np.exp(-0.5 * (distance - distance[:, :1]) * (distance + distance[:, :1]))
    chosen = scene.chance.pick_by_row(likely, "case.channel", *key.T)
    return np.array([CHANNEL[name] for name in names], dtype=np.int16)[chosen]


def _topic(scene: Scene, key: Ints) -> Ints:
    section, known = scene.profile.service, topics(scene)
    weights = np.array([[by.get(name, 0.0) for name in known] for by in (section.topics, section.general_topics)])
    return scene.chance.pick_by_row(weights[key[:, 0]], "case.topic", *key.T)


def _product(scene: Scene, life: Life, key: Ints, order: Ints) -> Ints:
    """Give the product that a case is about: the first line of the order, else any product that is old enough."""
    old = np.flatnonzero(scene.products.launched <= 0)
    product = old[scene.chance.integers(len(old), "case.product", *key.T)].astype(np.int64)
    after = order >= 0
    product[after] = life.lines.product[np.searchsorted(life.lines.order, order[after])]
    return product


def _agent(scene: Scene, key: Ints) -> Ints:
    """Choose an agent of the service team, or of all where there is no such team."""
    team = np.flatnonzero(scene.places.agent_team.to_numpy(zero_copy_only=False) == "service")
    team = team if len(team) else np.arange(len(scene.places.agent_ref))
    return team[scene.chance.integers(len(team), "case.agent", *key.T)]
