"""The pages of visits: the feed `web_events`.

Belongs here: what happens within a visit, and its rows. Does not belong here: when and by whom (`visits`, `visitors`).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sources.companies.demo.codes import SYSTEM, SYSTEMS, Codes, Ints
from sources.companies.demo.feed_shapes import feed_table
from sources.companies.demo.model import Life
from sources.companies.demo.moments import day_of
from sources.companies.demo.rows import grow, hex_refs, label, place_in_group, sum_within_group, take_or_null
from sources.companies.demo.scene import Parts, Scene
from sources.companies.demo.traffic import (
    DEVICES,
    EVENT,
    EVENTS,
    Events,
    country_of,
    device_kind,
    searches_and_addresses,
    traffic,
)
from sources.companies.demo.visitors import HOUSEHOLD_DEVICE
from sources.companies.demo.visits import KINDS, Visits, visits

_CONTENT = ("download", "play", "listen", "share")


def web(scene: Scene, life: Life) -> Parts:
    """Make the web events of one chunk, and the truth about its visits."""
    seen = visits(scene, life)
    if len(seen) == 0:
        return Parts()
    events = _events(scene, life, seen)
    return Parts({"web_events": [_feed(scene, life, seen, events)]}, {"web_visit": [_truth(scene, life, seen, events)]})


def _events(scene: Scene, life: Life, seen: Visits) -> Events:
    pieces = [_fixed(scene, seen), _views(scene, seen), _order_lines(life, seen)]
    visit, kind, product = (np.concatenate([piece[part] for piece in pieces]) for part in range(3))
    product = np.where((kind == EVENT["add_to_cart"]) & (product < 0), _last_viewed(visit, kind, product), product)
    stage = np.where((kind == EVENT["login"]) & (seen.order[visit] >= 0), EVENT["begin_checkout"] - 0.5, kind)
    order = np.lexsort((np.arange(len(visit)), stage, visit))
    visit, kind, product = visit[order], kind[order], product[order]
    place = place_in_group(visit)
    seconds = np.maximum(  # whole numbers, so that sums do not depend on what stands before
        2.0,
        scene.profile.web.dwell_seconds
        * scene.chance.exponential("web.dwell", seen.kind[visit], seen.key[visit, 0], seen.key[visit, 1], place),
    ).round()
    offset = sum_within_group(seconds, visit) - seconds
    last = np.r_[np.flatnonzero(np.diff(visit)), len(visit) - 1]
    length = np.zeros(len(seen))
    length[visit[last]] = offset[last]
    begin = np.where(seen.order >= 0, seen.at - length, seen.at)
    identified = np.isin(kind, (EVENT["login"], EVENT["register"]))
    known = sum_within_group(identified, visit) > 0
    at = np.where((seen.order[visit] >= 0) & (kind == EVENT["purchase"]), seen.at[visit], begin[visit] + offset)
    seconds[last] = np.nan
    return Events(
        visit, place, kind, product, np.floor(at).astype(np.int64), seconds, known & (seen.record[visit] >= 0)
    )


def _fixed(scene: Scene, seen: Visits) -> tuple[Ints, Codes, Ints]:
    """Give the events that a visit has once or not at all, without a product yet."""
    web, chance = scene.profile.web, scene.chance
    keys = seen.kind, seen.key[:, 0], seen.key[:, 1]
    bought = seen.order >= 0
    carted = ~bought & ~seen.registers & chance.flag(web.cart_share, "web.cart", *keys)
    content = chance.flag(web.content_share, "web.content", *keys)
    content_kind = EVENT[_CONTENT[0]] + chance.integers(len(_CONTENT), "web.content.kind", *keys)
    happens = {
        "page_view": np.ones(len(seen), dtype=np.bool_),
        "login": (seen.record >= 0) & ~seen.registers,
        "search": chance.flag(web.search_share, "web.search", *keys),
        "register": seen.registers,
        "add_to_cart": carted,
        "begin_checkout": bought | (carted & chance.flag(web.checkout_share, "web.checkout", *keys)),
        "purchase": bought,
    }
    rows = [np.flatnonzero(flags) for flags in happens.values()]
    kinds = [np.full(len(row), EVENT[name]) for name, row in zip(happens, rows, strict=True)]
    some = np.flatnonzero(content)
    visit = np.concatenate([*rows, some])
    return visit, np.concatenate([*kinds, content_kind[some]]).astype(np.int16), np.full(len(visit), -1, dtype=np.int64)


def _views(scene: Scene, seen: Visits) -> tuple[Ints, Codes, Ints]:
    """Give the products looked at: of the visit's category, by popularity, among those launched."""
    web, chance, products = scene.profile.web, scene.chance, scene.products
    count = 1 + chance.poisson(web.views_per_visit, "web.views", seen.kind, seen.key[:, 0], seen.key[:, 1])
    count = np.where(seen.order >= 0, count - 1, count)
    visit, place = grow(np.minimum(count, web.most_views))
    mark = chance.uniform("web.product", seen.kind[visit], seen.key[visit, 0], seen.key[visit, 1], place)
    day = day_of(scene, seen.at)[visit]
    product = np.zeros(len(visit), dtype=np.int64)
    for category in np.unique(seen.interest):
        members = np.flatnonzero(products.category == category)
        old = members[products.launched[members] <= 0]
        steps = np.cumsum(products.popularity[members])
        rows = np.flatnonzero(seen.interest[visit] == category)
        found = members[np.minimum(np.searchsorted(steps, mark[rows] * steps[-1]), len(members) - 1)]
        fallback = old[0] if len(old) else members[0]
        product[rows] = np.where(products.launched[found] <= day[rows], found, fallback)
    return visit, np.full(len(visit), EVENT["product_view"], dtype=np.int16), product


def _order_lines(life: Life, seen: Visits) -> tuple[Ints, Codes, Ints]:
    """Give a product view and a step into the cart for each line of the visit's order."""
    ordered = np.flatnonzero(seen.order >= 0)
    first = np.searchsorted(life.lines.order, seen.order[ordered])
    stop = np.searchsorted(life.lines.order, seen.order[ordered], side="right")
    parent, place = grow(stop - first)
    visit, product = ordered[parent], life.lines.product[first[parent] + place].astype(np.int64)
    kinds = np.repeat([EVENT["product_view"], EVENT["add_to_cart"]], len(visit)).astype(np.int16)
    return np.tile(visit, 2), kinds, np.tile(product, 2)


def _last_viewed(visit: Ints, kind: Codes, product: Ints) -> Ints:
    """Give, for each row, the last product that its visit looks at."""
    views = np.flatnonzero(kind == EVENT["product_view"])
    latest = np.full(int(visit.max()) + 1, -1, dtype=np.int64)
    latest[visit[views]] = product[views]
    return np.asarray(latest[visit])


def _feed(scene: Scene, life: Life, seen: Visits, events: Events) -> pa.Table:
    visit, records = events.visit, life.records
    record = np.where(events.is_known, seen.record[visit], -1)
    landing = events.place == 0
    utm, referrer = traffic(scene, life, seen)
    system = np.where(seen.is_app, SYSTEM["app"], SYSTEM["webshop"])[visit]
    logged_in = record >= 0
    system[logged_in] = records.system[record[logged_in]]
    keys = seen.kind[visit], seen.key[visit, 0], seen.key[visit, 1], events.place
    bought = np.where(events.kind == EVENT["purchase"], seen.order[visit], -1)
    term, urls = searches_and_addresses(scene, seen, events)
    whole_url = pc.binary_join_element_wise(urls, pc.fill_null(take_or_null(utm["query"], visit, landing), ""), "")
    return feed_table(
        "web_events",
        day_of(scene, events.at),
        event_ref=hex_refs("e", scene.chance.bits("web.event", *keys)),
        visitor_ref=seen.refs().take(pa.array(visit)),
        source_system=label(SYSTEMS, system),
        customer_ref=take_or_null(records.ref, record),
        occurred_at=events.at,
        event_type=label(EVENTS, events.kind),
        page_url=whole_url,
        referrer_url=take_or_null(referrer, visit, landing),
        utm_source=take_or_null(utm["source"], visit, landing),
        utm_medium=take_or_null(utm["medium"], visit, landing),
        utm_campaign=take_or_null(utm["campaign"], visit, landing),
        product_ref=take_or_null(scene.products.ref, events.product),
        search_term=term,
        order_ref=take_or_null(life.orders.ref, bought),
        device_type=label(DEVICES, device_kind(scene, seen)[visit]),
        country=label(list(scene.profile.population.countries), country_of(scene, seen)[visit]),
        duration_ms=pa.array(np.round(events.seconds * 1000), from_pandas=True).cast(pa.int64()),
    )


def _truth(scene: Scene, life: Life, seen: Visits, events: Events) -> pa.Table:
    first = np.searchsorted(events.visit, np.arange(len(seen)))
    last = np.searchsorted(events.visit, np.arange(len(seen)), side="right") - 1
    return pa.table(
        {
            "visitor_ref": seen.refs(),
            "started_at": pa.array(events.at[first]).cast(pa.timestamp("s", tz="UTC")),
            "ended_at": pa.array(events.at[last]).cast(pa.timestamp("s", tz="UTC")),
            "person_id": pa.array(seen.person, mask=seen.person < 0),
            "kind": label(KINDS, seen.kind),
            "is_shared_device": seen.device == HOUSEHOLD_DEVICE,
            "order_ref": take_or_null(life.orders.ref, seen.order),
            "_day": day_of(scene, seen.at),
        }
    )
