"""Rows of the core's feeds about one chunk of persons: consents, order lines, returns, campaign contacts, responses.

Belongs here: turning `model` columns into feed rows. Does not belong here: any draw but of payment methods and of
delays of notice.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sources.companies.demo.codes import ASSIGNMENT, CHANNELS, CURRENCIES, RESPONSES, SYSTEMS
from sources.companies.demo.feed_shapes import feed_table
from sources.companies.demo.market import days_of
from sources.companies.demo.model import Consents, Contacts, OrderLines, Orders, Records, Responses, Returns
from sources.companies.demo.pricing import RETURN_REASONS
from sources.companies.demo.rows import hex_refs, label, take_or_null
from sources.companies.demo.scene import Scene

Ints = NDArray[np.int64]

_HOUR = 3_600
_PAYMENTS = {"store": ("card", "cash"), "web": ("card", "paypal"), "app": ("card", "wallet")}
_OTHER_PAYMENTS = ("invoice", "card")
_TEST, _SALES, _PLAN = "test", "sales", "plan"


def order_line_rows(scene: Scene, records: Records, orders: Orders, lines: OrderLines) -> pa.Table:
    """Make the rows of `order_lines`; a cancelled order comes first as completed and some hours later as cancelled."""
    off = np.flatnonzero(orders.is_cancelled[lines.order])
    line = np.concatenate([np.arange(len(lines.order)), off])
    again = np.concatenate([np.zeros(len(lines.order), dtype=bool), np.ones(len(off), dtype=bool)])
    row = lines.order[line]
    notice = _HOUR + scene.chance.integers(40 * _HOUR, "order.cancelled_after", orders.order[row])
    at = np.where(again, orders.at[row] + notice, orders.at[row])
    day = np.where(again, days_of(scene.market, at), orders.day[row])
    keep = day < scene.until
    line, row, at, day, again = line[keep], row[keep], at[keep], day[keep], again[keep]
    code = pa.array(row)
    return feed_table(
        "order_lines",
        day,
        source_system=label(SYSTEMS, orders.system).take(code),
        order_ref=orders.ref.take(code),
        line_number=lines.number[line],
        updated_at=at,
        customer_ref=customer_refs(records, orders.record).take(code),
        product_ref=scene.products.ref.take(pa.array(lines.product[line])),
        quantity=lines.quantity[line].astype(np.float64),
        unit_price=lines.unit_price[line],
        discount_amount=lines.discount[line],
        tax_amount=lines.tax[line],
        net_amount=lines.net[line],
        unit_cost=lines.unit_cost[line] if scene.profile.orders.unit_cost_given else np.full(len(line), np.nan),
        currency=label(CURRENCIES, orders.currency).take(code),
        ordered_at=orders.at[row],
        channel=label(CHANNELS, orders.channel).take(code),
        store_ref=take_or_null(scene.places.store_ref, orders.store).take(code),
        partner_ref=take_or_null(scene.places.partner_ref, orders.partner).take(code),
        agent_ref=take_or_null(scene.places.agent_ref, orders.agent).take(code),
        coupon_code=take_or_null(scene.campaigns.coupon_code, orders.campaign).take(code),
        campaign_ref=take_or_null(scene.campaigns.ref, orders.campaign).take(code),
        payment_method=_payments(scene, orders).take(code),
        status=label(("completed", "cancelled"), again.astype(np.int64)),
    )


def return_rows(scene: Scene, records: Records, orders: Orders, lines: OrderLines, returns: Returns) -> pa.Table:
    """Make the rows of `returns`: one return a line."""
    row = lines.order[returns.line]
    code = pa.array(row)
    product = lines.product[returns.line]
    return feed_table(
        "returns",
        returns.day,
        source_system=label(SYSTEMS, orders.system).take(code),
        return_ref=hex_refs("R", scene.chance.bits("return.ref", orders.order[row], product)),
        line_number=np.ones(len(row), dtype=np.int64),
        order_ref=orders.ref.take(code),
        customer_ref=customer_refs(records, orders.record).take(code),
        product_ref=scene.products.ref.take(pa.array(product)),
        quantity=returns.quantity.astype(np.float64),
        amount=returns.amount,
        currency=label(CURRENCIES, orders.currency).take(code),
        returned_at=returns.at,
        reason=label(RETURN_REASONS, returns.reason),
    )


def contact_rows(scene: Scene, records: Records, contacts: Contacts) -> pa.Table:
    """Make the rows of `campaign_contacts`: controls have no channel and no cost."""
    place = _rows_of(records, contacts.record)
    variant = np.select(
        [contacts.assignment == ASSIGNMENT["random"], contacts.assignment == ASSIGNMENT["plan"]], [0, 2], 1
    )
    empty = pc.equal(contacts.plan_ref, "")
    return feed_table(
        "campaign_contacts",
        contacts.day,
        contact_ref=contacts.ref,
        campaign_ref=scene.campaigns.ref.take(pa.array(contacts.campaign)),
        source_system=label(SYSTEMS, records.system[place]),
        customer_ref=records.ref.take(pa.array(place)),
        channel=label(CHANNELS, np.where(contacts.is_control, -1, contacts.channel)),
        variant=label((_TEST, _SALES, _PLAN), variant),
        is_control=contacts.is_control,
        sent_at=contacts.at,
        cost=np.round(contacts.cost_home, 4),
        currency=np.full(len(contacts), scene.profile.home_currency),
        plan_ref=pc.if_else(empty, pa.scalar(None, pa.string()), contacts.plan_ref),
    )


def response_rows(scene: Scene, records: Records, contacts: Contacts, responses: Responses, orders: Orders) -> pa.Table:
    """Make the rows of `campaign_responses`; the system of its order tells a redemption, by its own customer's name."""
    campaign, record = contacts.campaign[responses.contact], contacts.record[responses.contact]
    system = records.system[_rows_of(records, record)].astype(np.int64)
    known = responses.order >= 0
    order = responses.order[known]
    system[known], record[known] = orders.system[order], orders.record[order]
    redeemed = np.where(known, campaign, -1)
    return feed_table(
        "campaign_responses",
        responses.day,
        response_ref=hex_refs(
            "A", scene.chance.bits("response.ref", contacts.contact[responses.contact], responses.kind, responses.at)
        ),
        contact_ref=contacts.ref.take(pa.array(responses.contact)),
        campaign_ref=scene.campaigns.ref.take(pa.array(campaign)),
        source_system=label(SYSTEMS, system),
        customer_ref=take_or_null(records.ref, _rows_of(records, record), record >= 0),
        response=label(RESPONSES, responses.kind),
        responded_at=responses.at,
        coupon_code=take_or_null(scene.campaigns.coupon_code, redeemed),
        order_ref=take_or_null(orders.ref, responses.order),
    )


def consent_rows(scene: Scene, records: Records, consents: Consents) -> pa.Table:
    """Make the rows of `consents`; what was said before the world began is delivered on day 0."""
    soon = consents.day < scene.until
    place = _rows_of(records, consents.record[soon])
    return feed_table(
        "consents",
        np.maximum(consents.day[soon], 0),
        source_system=label(SYSTEMS, records.system[place]),
        customer_ref=records.ref.take(pa.array(place)),
        channel=label(CHANNELS, consents.channel[soon]),
        purpose=label(list(scene.profile.consent.purposes), consents.purpose[soon]),
        effective_at=consents.at[soon],
        status=label(("opt_out", "opt_in"), consents.is_opt_in[soon].astype(np.int64)),
        evidence=consents.evidence.filter(pa.array(soon)),
    )


def customer_refs(records: Records, record: Ints) -> pa.StringArray:
    """Give the customer reference of each record number; null for -1."""
    return take_or_null(records.ref, _rows_of(records, record), record >= 0)


def _rows_of(records: Records, record: Ints) -> Ints:
    """Find the rows of records by number; row 0 where the number is -1."""
    return np.minimum(np.searchsorted(records.record, np.maximum(record, 0)), len(records.record) - 1)


def _payments(scene: Scene, orders: Orders) -> pa.Array:
    lot = scene.chance.integers(2, "order.payment", orders.order)
    methods = [_PAYMENTS.get(name, _OTHER_PAYMENTS) for name in CHANNELS]
    return label([method for pair in methods for method in pair], orders.channel.astype(np.int64) * 2 + lot)
