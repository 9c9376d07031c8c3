"""Who sits behind a visit: the account that logs in, the device, the visitor id, and what he is after.

Belongs here: identity of a visit, as the site sees it. Does not belong here: when visits happen (`visits`).
"""

from __future__ import annotations

import numpy as np

from sources.companies.demo.codes import CHANNEL, SYSTEM, Codes, Flags, Ints
from sources.companies.demo.model import Life
from sources.companies.demo.rows import DAY_SECONDS, Bits, record_at
from sources.companies.demo.scene import Scene

APP_DEVICE, HOUSEHOLD_DEVICE = 8, 9
ONLINE_SYSTEMS = SYSTEM["webshop"], SYSTEM["app"]


def login(scene: Scene, life: Life, may: Flags, kind: Codes, person: Ints, key: Ints, at: Ints) -> Ints:
    """Find the account that logs in on visits without an order, where somebody does."""
    does = may & scene.chance.flag(scene.profile.web.login_share, "web.login", kind, key[:, 0], key[:, 1])
    found = np.full(len(kind), -1, dtype=np.int64)
    found[does] = record_at(life.records, person[does], at[does], ONLINE_SYSTEMS)
    return found


def by_app(life: Life, order: Ints, record: Ints) -> Flags:
    """Tell which visits are by the app: orders of the app, and visits on which an account of the app logs in."""
    ordered, logged_in = order >= 0, (record >= 0) & (order < 0)
    answer = np.zeros(len(order), dtype=np.bool_)
    answer[ordered] = life.orders.channel[order[ordered]] == CHANNEL["app"]
    answer[logged_in] = life.records.system[record[logged_in]] == SYSTEM["app"]
    return answer


def choose_device(scene: Scene, kind: Codes, person: Ints, key: Ints, at: Ints, is_app: Flags) -> tuple[Codes, Bits]:
    """Choose the device of each visit and the visitor id that it has at the time."""
    web, chance, persons = scene.profile.web, scene.chance, scene.persons
    known = np.maximum(person, 0)
    household = persons.household[known]
    own = chance.integers(
        chance.pick(web.device_weights, "web.devices", known) + 1, "web.device", kind, key[:, 0], key[:, 1]
    )
    together = (
        (person >= 0) & ~is_app & _is_shared_household(scene)[known]
        & chance.flag(web.shared_device_share, "web.household", household)
        & chance.flag(web.shared_use_share, "web.shared", kind, key[:, 0], key[:, 1])
    )  # fmt: skip
    device = np.where(together, HOUSEHOLD_DEVICE, np.where(is_app, APP_DEVICE, own)).astype(np.int16)
    owner = np.where(together, household, np.where(person >= 0, known, key[:, 0]))
    realm = np.where(together, 1, np.where(person >= 0, 0, 2))
    length = web.cookie_days * DAY_SECONDS
    offset = chance.uniform("web.cookie", realm, owner, device)
    age = np.floor(at / length + offset).astype(np.int64)
    return device, chance.bits("web.visitor", realm, owner, device, np.where(is_app, 0, age))


def _is_shared_household(scene: Scene) -> Flags:
    """Tell which persons live with others; members of a household are neighbours in the table."""
    household = scene.persons.household
    same = household[1:] == household[:-1]
    return np.asarray(np.r_[same, False] | np.r_[False, same])


def interest(scene: Scene, life: Life, kind: Codes, person: Ints, key: Ints, order: Ints, response: Ints) -> Codes:
    """Choose the category that the visit is about: the order's, the campaign's, else by the person's taste."""
    taste = np.where((person >= 0)[:, None], scene.persons.taste[np.maximum(person, 0)], 1.0)
    category = scene.chance.pick_by_row(taste, "web.interest", kind, key[:, 0], key[:, 1])
    ordered, answered = order >= 0, response >= 0
    first_line = np.searchsorted(life.lines.order, order[ordered])
    category[ordered] = scene.products.category[life.lines.product[first_line]]
    target = scene.campaigns.category[life.contacts.campaign[life.responses.contact[response[answered]]]]
    category[answered] = np.where(target >= 0, target, category[answered])
    return category.astype(np.int16)
