"""Where a visit comes from and which addresses its pages have.

Belongs here: UTM parameters, referrers, search terms, addresses, kinds of device. Does not belong here: which pages a
visit has (`web`).
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote_plus, urlencode

import numpy as np
import pyarrow as pa

from sources.companies.demo.codes import CHANNELS, Codes, Flags, Ints, Reals
from sources.companies.demo.model import Life
from sources.companies.demo.rows import take_or_null
from sources.companies.demo.scene import Scene
from sources.companies.demo.visitors import HOUSEHOLD_DEVICE
from sources.companies.demo.visits import Visits

EVENTS = (
    "page_view", "login", "search", "product_view", "download", "play", "listen", "share", "register",
    "add_to_cart", "begin_checkout", "purchase",
)  # fmt: skip
EVENT = {name: code for code, name in enumerate(EVENTS)}
DEVICES = ("desktop", "mobile", "tablet")
_DEVICE_WEIGHTS = (0.36, 0.56, 0.08)
_CAMPAIGN_MEDIUM = {"email": "newsletter", "app": "push", "sms": "sms", "post": "qr_code", "call_centre": "phone"}


@dataclass(frozen=True)
class Events:
    """Events of a chunk's visits, one row an event, in order: visit, place, kind, product (-1), at, seconds on page."""

    visit: Ints
    place: Ints
    kind: Codes
    product: Ints
    at: Ints
    seconds: Reals
    is_known: Flags


def traffic(scene: Scene, life: Life, seen: Visits) -> tuple[dict[str, pa.Array], pa.Array]:
    """Say where each visit comes from: the campaign that caused it, else one of the profile's sources."""
    sources = list(scene.profile.web.sources.values())
    campaigns = scene.campaigns.ref.to_pylist()
    chosen = scene.chance.pick([s.weight for s in sources], "web.source", seen.kind, seen.key[:, 0], seen.key[:, 1])
    names = [(s.utm_source, s.utm_medium, s.utm_campaign, s.referrer) for s in sources]
    names += [("stella", medium, ref, "") for medium in _CAMPAIGN_MEDIUM.values() for ref in campaigns]
    media = np.array([list(_CAMPAIGN_MEDIUM).index(c) if c in _CAMPAIGN_MEDIUM else 0 for c in CHANNELS])
    answered = np.flatnonzero(seen.response >= 0)
    contact = life.responses.contact[seen.response[answered]]
    row = len(sources) + media[life.contacts.channel[contact]] * len(campaigns) + life.contacts.campaign[contact]
    chosen[answered] = row
    known = ~seen.is_app | (seen.response >= 0)
    queries = [_query(*name[:3]) for name in names]
    columns = {
        part: take_or_null(pa.array([n[place] or None for n in names], pa.string()), chosen, known)
        for place, part in enumerate(("source", "medium", "campaign"))
    }
    columns["query"] = take_or_null(pa.array(queries, pa.string()), chosen, known)
    return columns, take_or_null(pa.array([n[3] or None for n in names], pa.string()), chosen, known)


def _query(source: str, medium: str, campaign: str) -> str | None:
    given = {"utm_source": source, "utm_medium": medium, "utm_campaign": campaign}
    return "?" + urlencode({name: value for name, value in given.items() if value}) if source else None


def searches_and_addresses(scene: Scene, seen: Visits, events: Events) -> tuple[pa.Array, pa.Array]:
    """Give each event's search term and address."""
    web, chance = scene.profile.web, scene.chance
    categories = list(scene.profile.catalogue.categories)
    terms = [web.search_terms.get(name, [name.replace("_", " ")]) for name in categories]
    starts = np.cumsum([0, *map(len, terms)])
    counts = np.diff(starts)
    flat = [term for group in terms for term in group]
    pick = chance.integers(counts[seen.interest], "web.term", seen.kind, seen.key[:, 0], seen.key[:, 1])
    of_visit = starts[seen.interest] + pick
    searched = events.kind == EVENT["search"]
    term = take_or_null(pa.array(flat, pa.string()), of_visit[events.visit], searched)
    fixed = {"login": "/account/login", "register": "/register", "add_to_cart": "/cart", "begin_checkout": "/checkout",
             "purchase": "/order/confirmed", "download": "/magazine/recipes", "play": "/magazine/video",
             "listen": "/magazine/podcast", "share": "/magazine/stories"}  # fmt: skip
    paths = [fixed.get(name, "/") for name in EVENTS] + [f"/category/{name}" for name in categories]
    paths += [f"/search?q={quote_plus(word)}" for word in flat]
    paths += [f"/product/{ref}" for ref in scene.products.ref.to_pylist()]
    home = chance.flag(0.5, "web.home", seen.kind, seen.key[:, 0], seen.key[:, 1])
    path = events.kind.astype(np.int64)
    path = np.where((events.kind == 0) & ~home[events.visit], len(EVENTS) + seen.interest[events.visit], path)
    path = np.where(searched, len(EVENTS) + len(categories) + of_visit[events.visit], path)
    seen_product = events.kind == EVENT["product_view"]
    path = np.where(seen_product, len(EVENTS) + len(categories) + len(flat) + events.product, path)
    return term, pa.array([web.site + p for p in paths], pa.string()).take(pa.array(path))


def device_kind(scene: Scene, seen: Visits) -> Ints:
    """Give the kind of each visit's device: what the visitor id stands on does not change between visits."""
    drawn = scene.chance.pick(_DEVICE_WEIGHTS, "web.device.kind", np.maximum(seen.person, 0), seen.device)
    stranger = scene.chance.pick(_DEVICE_WEIGHTS, "web.device.stranger", seen.key[:, 0])
    return np.where(
        seen.is_app, 1, np.where(seen.device == HOUSEHOLD_DEVICE, 2, np.where(seen.person < 0, stranger, drawn))
    )


def country_of(scene: Scene, seen: Visits) -> Ints:
    """Give the country from which each visit comes, code in the profile's countries."""
    weights = [country.share for country in scene.profile.population.countries.values()]
    stranger = scene.chance.pick(weights, "web.country", seen.key[:, 0])
    return np.where(seen.person >= 0, scene.persons.country[np.maximum(seen.person, 0)], stranger)
