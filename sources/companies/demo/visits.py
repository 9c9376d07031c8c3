"""Visits to the site: who comes when, on which device, from where, and what the visit is about.

Belongs here: one row a visit. Does not belong here: the pages of a visit (`web`).
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pyarrow as pa

from sources.companies.demo.codes import CHANNEL, RESPONSE, Codes, Flags, Ints
from sources.companies.demo.model import Life
from sources.companies.demo.moments import daytime, instant, moments
from sources.companies.demo.purchases import look_ahead
from sources.companies.demo.rows import DAY_SECONDS, Bits, grow, hex_refs, rows_of_records
from sources.companies.demo.scene import Scene
from sources.companies.demo.visitors import ONLINE_SYSTEMS, by_app, choose_device, interest, login

KINDS = ("order", "before_order", "browse", "campaign", "register", "before_arrival", "stranger")
KIND = {name: code for code, name in enumerate(KINDS)}
_MAY_LOG_IN = KIND["before_order"], KIND["browse"], KIND["campaign"]


@dataclass(frozen=True)
class Visits:
    """Visits of a chunk, one row a visit, by person and instant.

    Attributes:
        key: two numbers that name the visit for ever (columns), beside its kind.
        kind: code in KINDS. person: -1 for strangers. at: instant of the first page; of the last for an order.
        order: row in Orders for kind `order`, else -1. response: row in Responses for kind `campaign`, else -1.
        record: row in Records of the account that logs in, -1 none. registers: True where the account is opened.
        device: 0.. own devices, 9 the household's. visitor: number of the visitor id (hex in feeds).
        is_app: True for visits by the app. interest: category's code that the visit is about.
    """

    key: Ints
    kind: Codes
    person: Ints
    at: Ints
    order: Ints
    response: Ints
    record: Ints
    registers: Flags
    device: Codes
    visitor: Bits
    is_app: Flags
    interest: Codes

    def __len__(self) -> int:
        return len(self.kind)

    def take(self, rows: Ints) -> Visits:
        """Give some of the visits."""
        return Visits(*(getattr(self, column.name)[rows] for column in fields(self)))

    def refs(self) -> pa.StringArray:
        """Write the visitor ids."""
        return hex_refs("v", self.visitor)


@dataclass
class _Draft:
    kind: str
    key: Ints
    person: Ints
    at: Ints
    order: Ints | None = None
    response: Ints | None = None
    record: Ints | None = None


def visits(scene: Scene, life: Life) -> Visits:
    """Draw all visits of a chunk's persons, and of strangers, that are measured and begin before `scene.until`."""
    drafts = [
        _order_visits(life),
        _before_orders(scene, life),
        _browsing(scene, life),
        _campaign_visits(life),
        _registrations(life),
        _before_arrival(scene, life),
    ]
    everyone = _strangers(scene, life)
    whole = _complete(scene, life, [draft for draft in drafts if len(draft.person)], everyone)
    order = np.lexsort((whole.kind, whole.at, whole.person))
    return whole.take(order)


def tracked(scene: Scene, person: Ints) -> Flags:
    """Tell who lets visits be measured."""
    return scene.chance.flag(scene.profile.web.tracked_share, "web.tracked", person)


def _order_visits(life: Life) -> _Draft:
    online = np.isin(life.orders.channel, (CHANNEL["web"], CHANNEL["app"]))
    rows = np.flatnonzero(online)
    person = life.orders.person[rows]
    key = np.stack([life.orders.order[rows], np.zeros(len(rows), dtype=np.int64)], axis=1)
    record = rows_of_records(life.records, life.orders.record[rows])
    return _Draft("order", key, person, life.orders.at[rows], order=rows, record=record)


def _before_orders(scene: Scene, life: Life) -> _Draft:
    """Draw visits before what persons wish to buy, by any way: who buys in the store looks at the site too."""
    web, chance, wishes = scene.profile.web, scene.chance, life.wishes
    ways = np.array([name in ("web", "app") for name in scene.profile.orders.channels])
    online = scene.persons.order_channel[wishes.person] @ ways
    row, place = grow(chance.poisson(web.visits_before_order * online, "web.before.count", wishes.order))
    lag = web.before_order_days * chance.exponential("web.before.lag", wishes.order[row], place)
    at = instant(scene, wishes.day[row], wishes.share[row] * DAY_SECONDS) - (lag * DAY_SECONDS).astype(np.int64) - 900
    soon = np.flatnonzero(lag < look_ahead(scene) - 1)
    key = np.stack([wishes.order[row], place], axis=1)
    return _Draft("before_order", key[soon], wishes.person[row[soon]], at[soon])


def _browsing(scene: Scene, life: Life) -> _Draft:
    person, number, at = moments(scene, life, scene.profile.web.visits_per_year, "web.browse")
    return _Draft("browse", np.stack([person, number], axis=1), person, at)


def _campaign_visits(life: Life) -> _Draft:
    responses = life.responses
    rows = np.flatnonzero(np.isin(responses.kind, (RESPONSE["clicked"], RESPONSE["visited"])))
    contact = responses.contact[rows]
    key = np.stack([life.contacts.contact[contact], responses.kind[rows].astype(np.int64)], axis=1)
    return _Draft("campaign", key, life.contacts.person[contact], responses.at[rows], response=rows)


def _registrations(life: Life) -> _Draft:
    records = life.records
    rows = np.flatnonzero(np.isin(records.system, ONLINE_SYSTEMS) & (records.since >= 0))
    key = np.stack([records.record[rows], np.zeros(len(rows), dtype=np.int64)], axis=1)
    return _Draft("register", key, records.person[rows], records.since_at[rows] - 60, record=rows)


def _before_arrival(scene: Scene, life: Life) -> _Draft:
    web, chance, persons = scene.profile.web, scene.chance, scene.persons
    person = np.arange(life.lo, life.hi)
    person = person[persons.arrived[person] >= 0]
    parent, place = grow(chance.poisson(web.visits_before_arrival, "web.early.count", person))
    person = person[parent]
    lag = web.before_order_days * chance.exponential("web.early.lag", person, place)
    arrived = instant(scene, persons.arrived[person], persons.arrived_second[person])
    at = arrived - (lag * DAY_SECONDS).astype(np.int64) - 1800
    return _Draft("before_arrival", np.stack([person, place], axis=1), person, at)


def _strangers(scene: Scene, life: Life) -> _Draft:
    """Draw visits of people who never register: one for each of some persons' numbers, on any day up to the horizon."""
    number = np.arange(life.lo, life.hi)
    number = number[scene.chance.flag(scene.profile.web.strangers_per_person, "web.stranger", number)]
    day = scene.chance.integers(scene.profile.days, "web.stranger.day", number)
    second = daytime(scene, "web.stranger", number)
    key = np.stack([number, np.zeros(len(number), dtype=np.int64)], axis=1)
    return _Draft("stranger", key, np.full(len(number), -1), instant(scene, day, second))


def _complete(scene: Scene, life: Life, drafts: list[_Draft], strangers: _Draft) -> Visits:
    drafts = [*drafts, strangers]
    kind = np.repeat([KIND[d.kind] for d in drafts], [len(d.person) for d in drafts]).astype(np.int16)
    person = np.concatenate([d.person for d in drafts])
    key, at = np.concatenate([d.key for d in drafts]), np.concatenate([d.at for d in drafts])
    order, response, record = (
        np.concatenate([_column(getattr(d, name), len(d.person)) for d in drafts])
        for name in ("order", "response", "record")
    )
    end = instant(scene, scene.until, 0)
    begin = instant(scene, 0, 0)
    measured = (at < end) & (at >= begin) & ((person < 0) | tracked(scene, np.maximum(person, 0)))
    kept = np.flatnonzero(measured)
    kind, person, key, at = kind[kept], person[kept], key[kept], at[kept]
    order, response, record = order[kept], response[kept], record[kept]
    record = np.where(record >= 0, record, login(scene, life, np.isin(kind, _MAY_LOG_IN), kind, person, key, at))
    is_app = by_app(life, order, record)
    device, visitor = choose_device(scene, kind, person, key, at, is_app)
    return Visits(
        key=key, kind=kind, person=person, at=at, order=order, response=response, record=record,
        registers=kind == KIND["register"], device=device, visitor=visitor, is_app=is_app,
        interest=interest(scene, life, kind, person, key, order, response),
    )  # fmt: skip


def _column(values: Ints | None, count: int) -> Ints:
    return np.full(count, -1, dtype=np.int64) if values is None else values
