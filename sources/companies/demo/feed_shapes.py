"""What the demo company sends: the columns of its 26 feeds, in order, with their Arrow types.

Belongs here: the sender's side of the interface. Does not belong here: what the receiver demands of it (types, keys,
allowed values) — that is in `sources/contracts/`, kept apart on purpose, as it would be between two real parties; a
test holds the two together.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike

DAY = "_day"
"""Hidden column of every feed table: the day of the world (int32) on which the row is delivered. Never written."""

TIMESTAMP = pa.timestamp("s", tz="UTC")
_TYPES: dict[str, pa.DataType] = {
    "text": pa.string(),
    "decimal": pa.float64(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "time": TIMESTAMP,
    "list": pa.list_(pa.string()),
    "json": pa.string(),
}

# column[:type], text where no type is given
_COLUMNS: dict[str, str] = {
    "customers": "source_system customer_ref updated_at:time party_type full_name given_name family_name "
    "organisation_name tax_code birth_date:date gender email phone street city postcode region country language "
    "time_zone registered_at:time acquisition_channel acquisition_partner_ref acquisition_campaign_ref "
    "interests:list attributes:json is_deleted:boolean",
    "consents": "source_system customer_ref channel purpose effective_at:time status evidence",
    "products": "product_ref updated_at:time name brand department category subcategory unit_cost:decimal "
    "list_price:decimal currency supplier is_active:boolean",
    "campaigns": "campaign_ref updated_at:time name objective starts_on:date ends_on:date offer_kind "
    "offer_value:decimal coupon_code target_category eligibility budget:decimal currency control_pct:decimal "
    "message_template status",
    "campaign_channels": "campaign_ref channel unit_cost:decimal fixed_cost:decimal capacity_per_day:integer",
    "partners": "partner_ref updated_at:time name kind commission_pct:decimal country",
    "agents": "agent_ref updated_at:time name team hired_on:date",
    "stores": "store_ref updated_at:time name city postcode country time_zone",
    "leads": "source_system lead_ref updated_at:time full_name organisation_name email phone country source_channel "
    "campaign_ref partner_ref created_at:time interests:list attributes:json",
    "social_accounts": "platform handle updated_at:time source_system customer_ref display_name bio email "
    "followers:integer following:integer account_kind created_at:time",
    "order_lines": "source_system order_ref line_number:integer updated_at:time customer_ref visitor_ref product_ref "
    "quantity:decimal unit_price:decimal discount_amount:decimal tax_amount:decimal net_amount:decimal "
    "unit_cost:decimal currency ordered_at:time channel store_ref partner_ref agent_ref coupon_code campaign_ref "
    "payment_method status",
    "returns": "source_system return_ref line_number:integer order_ref customer_ref product_ref quantity:decimal "
    "amount:decimal currency returned_at:time reason",
    "loyalty_entries": "source_system entry_ref customer_ref kind points:decimal occurred_at:time order_ref reward "
    "referred_customer_ref",
    "opportunity_stages": "source_system opportunity_ref stage entered_at:time lead_ref customer_ref amount:decimal "
    "currency agent_ref campaign_ref order_ref",
    "web_events": "event_ref visitor_ref source_system customer_ref occurred_at:time event_type page_url "
    "referrer_url utm_source utm_medium utm_campaign product_ref search_term order_ref device_type country "
    "duration_ms:integer",
    "contacts": "contact_ref source_system customer_ref email phone handle visitor_ref channel direction purpose "
    "occurred_at:time ended_at:time agent_ref partner_ref campaign_ref outcome cost:decimal currency",
    "campaign_contacts": "contact_ref campaign_ref source_system customer_ref channel variant is_control:boolean "
    "sent_at:time cost:decimal currency plan_ref",
    "campaign_responses": "response_ref contact_ref campaign_ref source_system customer_ref response "
    "responded_at:time coupon_code order_ref",
    "service_cases": "source_system case_ref updated_at:time customer_ref email phone handle platform channel "
    "opened_at:time first_response_at:time resolved_at:time topic product_ref order_ref severity "
    "is_complaint:boolean satisfaction_score:integer recommend_score:integer agent_ref text",
    "social_posts": "platform post_ref handle posted_at:time kind in_reply_to target_handle topics:list text "
    "likes:integer shares:integer replies:integer coupon_code",
    "social_follows": "platform follower_handle followed_handle followed_at:time unfollowed_at:time",
    "device_signals": "device_ref occurred_at:time signal source_system customer_ref product_ref value:decimal",
    "exchange_rates": "currency rate_date:date rate_to_home:decimal",
    "market_benchmarks": "metric period_start:date region category value:decimal",
    "area_demographics": "country postcode households:integer median_income:decimal attributes:json",
    "calendar_events": "country event_date:date name is_public_holiday:boolean",
}

FEEDS: tuple[str, ...] = tuple(_COLUMNS)
"""The 26 feeds, registry first, as `docs/` lists them."""

KEYS: dict[str, tuple[str, ...]] = {
    "customers": ("source_system", "customer_ref"),
    "consents": ("source_system", "customer_ref", "channel", "purpose", "effective_at"),
    "products": ("product_ref",),
    "campaigns": ("campaign_ref",),
    "campaign_channels": ("campaign_ref", "channel"),
    "partners": ("partner_ref",),
    "agents": ("agent_ref",),
    "stores": ("store_ref",),
    "leads": ("source_system", "lead_ref"),
    "social_accounts": ("platform", "handle"),
    "order_lines": ("source_system", "order_ref", "line_number"),
    "returns": ("source_system", "return_ref", "line_number"),
    "loyalty_entries": ("source_system", "entry_ref"),
    "opportunity_stages": ("source_system", "opportunity_ref", "stage", "entered_at"),
    "web_events": ("event_ref",),
    "contacts": ("contact_ref",),
    "campaign_contacts": ("contact_ref",),
    "campaign_responses": ("response_ref",),
    "service_cases": ("source_system", "case_ref"),
    "social_posts": ("platform", "post_ref"),
    "social_follows": ("platform", "follower_handle", "followed_handle"),
    "device_signals": ("device_ref", "occurred_at", "signal"),
    "exchange_rates": ("currency", "rate_date"),
    "market_benchmarks": ("metric", "period_start", "region", "category"),
    "area_demographics": ("country", "postcode"),
    "calendar_events": ("country", "event_date", "name"),
}
"""The columns that name a row of each feed."""

IN_ORDER = frozenset({"social_posts", "social_follows"})
"""Feeds whose rows change and carry no `updated_at`: what is delivered last is true."""

JSON_COLUMNS = frozenset({"attributes"})
"""Columns whose text is a JSON object and is written as one in JSON Lines."""


def schema(feed: str) -> pa.Schema:
    """Give the feed's columns in the contract's order, without `DAY`.

    Raises:
        KeyError: the demo company has no such feed.
    """
    fields = (column.partition(":") for column in _COLUMNS[feed].split())
    return pa.schema([pa.field(name, _TYPES[kind or "text"]) for name, _, kind in fields])


def feed_table(feed: str, day: ArrayLike, **columns: object) -> pa.Table:
    """Make one feed's table from some of its columns; the others become null.

    Args:
        feed: one of `FEEDS`.
        day: day of the world on which each row is delivered.
        columns: arrays by column name (numpy, Arrow or list; None = all null). Times are seconds since 1970-01-01 or
            `datetime64`; dates are days since 1970-01-01 or `datetime64`.

    Raises:
        KeyError: a column that the feed does not have.
    """
    wanted = schema(feed)
    unknown = sorted(set(columns) - set(wanted.names))
    if unknown:
        raise KeyError(f"{feed} has no column {', '.join(unknown)}")
    days = pa.array(np.asarray(day, dtype=np.int32))
    arrays = [
        pa.nulls(len(days), field.type)
        if columns.get(field.name) is None
        else _as_arrow(columns[field.name], field.type)
        for field in wanted
    ]
    return pa.table([*arrays, days], schema=wanted.append(pa.field(DAY, pa.int32())))


def _as_arrow(values: object, kind: pa.DataType) -> pa.Array | pa.ChunkedArray:
    if isinstance(values, pa.ChunkedArray | pa.Array):
        return values if values.type == kind else values.cast(kind, safe=False)
    if isinstance(values, np.ndarray) and kind == TIMESTAMP and values.dtype.kind in "iu":
        return pa.array(values.astype(np.int64)).cast(TIMESTAMP)
    if isinstance(values, np.ndarray) and values.dtype.kind == "M":
        return pa.array(values.astype("datetime64[s]")).cast(kind)
    if isinstance(values, np.ndarray) and kind == pa.date32():
        return pa.array(values.astype(np.int32)).cast(kind)
    return pa.array(values, from_pandas=True).cast(kind, safe=False)
