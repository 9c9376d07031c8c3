"""Past campaigns: whom they chose, partly by lot with controls, partly by a sales rule without.

Belongs here: eligibility, choice, channel and day of past campaigns. Does not belong here: what the contacts do
(`contacts`), campaigns still to come.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sources.companies.demo.codes import ASSIGNMENT, OBJECTIVES
from sources.companies.demo.contacts import LONG_AGO, Batch, Stage, play

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]

_OPENS, _OPEN_SECONDS = 9 * 3600, 10 * 3600
_YEAR = 365


def play_campaigns(stage: Stage) -> None:
    """Carry out the past campaigns that have begun, one after the other."""
    campaigns = stage.scene.campaigns
    for code in range(len(campaigns.starts)):
        silent = campaigns.objective[code] == OBJECTIVES.index("acquire")
        if not (silent or campaigns.is_planned[code] or campaigns.starts[code] >= stage.scene.until):
            play(stage, _choose(stage, code))


def _choose(stage: Stage, code: int) -> Batch:
    """Choose whom a past campaign contacts: partly by lot, with controls, partly by the sales rule, without."""
    scene, chance, campaigns = stage.scene, stage.scene.chance, stage.scene.campaigns
    row = np.arange(len(stage.left))
    person = row + stage.lo
    days = int(campaigns.ends[code] - campaigns.starts[code] + 1)
    day = campaigns.starts[code] + chance.integers(days, "campaign.day", person, code)
    second = _OPENS + chance.integers(_OPEN_SECONDS, "campaign.second", person, code)
    recency, spend = _sales_figures(stage, int(campaigns.starts[code]))
    eligible = _eligible(stage, code, recency) & (scene.persons.arrived[person] < day)
    channel = _channel(stage, code, person, day)
    by_lot = chance.flag(float(campaigns.random_share[code]), "campaign.by_lot", person, code)
    share = float(campaigns.contact_share[code])
    wanted = np.where(by_lot, share, _rule(stage, share, recency, spend))
    chosen = eligible & (channel >= 0) & chance.flag(wanted, "campaign.chosen", person, code)
    control = by_lot & chance.flag(campaigns.control_pct[code] / 100.0, "campaign.control", person, code)
    pick = np.flatnonzero(chosen)
    assignment = np.where(by_lot[pick], ASSIGNMENT["random"], ASSIGNMENT["sales_rule"])
    nothing = np.full(len(pick), "", dtype=object)
    same = np.full(len(pick), code, dtype=np.int64)
    none = np.zeros(len(pick), dtype=np.int64)
    return Batch(
        row[pick], none - 1, same, channel[pick], day[pick], second[pick], control[pick], assignment, none, nothing
    )


def _sales_figures(stage: Stage, day: int) -> tuple[Ints, Reals]:
    """Give the days since each person's last order and a year's spend, as the company sees them on a day."""
    last = np.full(len(stage.left), LONG_AGO, dtype=np.int64)
    spend = np.zeros(len(stage.left))
    seen = ~stage.removed & (stage.own.day < day)
    sources = [(stage.own.person[seen] - stage.lo, stage.own.day[seen], stage.value[seen])]
    for part in stage.caused:
        person = np.asarray(part["person"], dtype=np.int64)
        when = np.asarray(part["day"], dtype=np.int64)
        value = stage.scene.profile.buying.spend_shape / stage.scene.persons.spend_rate[person]
        sources.append((person[when < day] - stage.lo, when[when < day], value[when < day]))
    for row, when, value in sources:
        np.maximum.at(last, row, when)
        spend += np.bincount(row, np.where(when >= day - _YEAR, value, 0.0), minlength=len(spend))
    return day - last, spend


def _eligible(stage: Stage, code: int, recency: Ints) -> Flags:
    start = int(stage.scene.campaigns.starts[code])
    arrived = stage.scene.persons.arrived[stage.lo : stage.lo + len(stage.left)]
    tests = {
        "all": recency > -1,
        "buyers": recency <= 365,
        "lapsing": recency > 90,
        "dormant": recency > 180,
        "newcomers": arrived > start - 120,
    }
    return np.asarray(tests[stage.scene.campaigns.eligibility[code].as_py()])


def _rule(stage: Stage, share: float, recency: Ints, spend: Reals) -> Reals:
    """Give the chance that a salesman picks a person: he likes those who bought lately and much."""
    section = stage.scene.profile.contacts
    liking = (
        section.rule_recency_days - np.minimum(recency, 4 * section.rule_recency_days)
    ) / section.rule_recency_days
    liking = liking + np.minimum(spend / section.rule_spend, 3.0) - 1.0
    return np.asarray(np.minimum(2.0 * share / (1.0 + np.exp(-section.rule_sharpness * liking)), 1.0))


def _channel(stage: Stage, code: int, person: Ints, day: Ints) -> Ints:
    """Choose for each person one of the campaign's channels by which he can and may be reached; -1 if there is none."""
    row = person - stage.lo
    best, channel = np.full(len(person), -1.0), np.full(len(person), -1, dtype=np.int64)
    for other in np.flatnonzero(stage.scene.campaigns.channels[code]):
        same = np.full(len(person), other, dtype=np.int64)
        record = stage.record[row, other]
        open_ = (record >= 0) & stage.permission.allows(row, same, day)
        open_ &= stage.records.since[np.maximum(record, 0)] < day
        lot = np.where(open_, stage.scene.chance.uniform("campaign.channel", person, code, int(other)), -1.0)
        channel = np.where(lot > best, other, channel)
        best = np.maximum(lot, best)
    return channel
