"""The shapes in which the parts of the simulated company hand data to one another: columns of numpy arrays.

Belongs here: names, types, units and meaning of the columns of one chunk's life. Does not belong here: how they are
drawn, what is the same for every chunk (`backdrop`).

Conventions, everywhere:

- A **person** is its row number in `Persons` (0 .. n-1). A chunk of the world covers the persons `lo <= person < hi`;
  every array of a chunk holds global person numbers, not offsets.
- A **day** is an int: days since `profile.start` by the company's own clock; day 0 is the first day of the world,
  negative days lie before it. `-1` in a reference (partner, store, campaign, ...) means none.
- An **instant** (`*_at`) is an int64 of seconds since 1970-01-01 UTC.
- A **code** is a row number in one of the tuples of `codes`, or in `Products`, `Places`, `Campaigns`.
- **Money** is float64. Columns ending in `_home` are in the company's currency; others are in the row's own
  currency and already rounded to cents.
- A **feed table** is what `feed_shapes.feed_table` makes.

The life of one chunk runs: Persons, Records, Orders with their lines and returns (own will), Contacts with
Responses and Consents (what campaigns did); then the other parts (visits, cases, network, points, ...), which read
all of these and change none.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from sources.companies.demo.codes import Codes, Days, Flags, Ints, Reals


@dataclass(frozen=True)
class Records:
    """The registry rows of a chunk: one row a record (an account of a person in a system), sorted by person and slot.

    Attributes:
        record: record number = person x 8 + slot; unique in the world; slot 0 is the person's first record.
        person, system (code in SYSTEMS), since (day from which it exists), since_at (instant).
        ref: customer_ref (unique within its system).
        email, phone: texts as the record first has them, errors included, "" where blank.
        kinds: bit set of planted errors, bit i = `records.ERRORS[i]`.
    """

    record: Ints
    person: Ints
    system: Codes
    since: Days
    since_at: Ints
    ref: pa.StringArray
    email: pa.StringArray
    phone: pa.StringArray
    kinds: Ints


@dataclass(frozen=True)
class Orders:
    """Orders of a chunk, one row an order, sorted by person, then instant. Cancelled ones are included.

    Attributes:
        order: order number = person x 16384 + counter; the same in every policy played.
        person, counter (0, 1, ... of the own will; 4096 + campaign x 4 + attempt for what a contact caused; 8192 + the
            counter of the first order for what followed by a planted sequence).
        ref: order_ref.
        day, at: when.
        channel: code in CHANNELS (web, app, store, call_centre or partner).
        system: code in SYSTEMS: the source_system of the order.
        record: record number of the customer's record in that system, -1 for anonymous (cash, guest).
        store, partner, agent: codes or -1.
        currency: code in CURRENCIES. value_home: gamma-gamma value before discount and tax. paid_home: after discount.
        campaign: code of the campaign whose coupon was redeemed, -1 none.
        caused_by: code of the campaign whose contact caused it, -1 none. cause: code in CAUSES.
        is_cancelled: True where the order was called off.
        has_case: True where something went wrong and the customer asks (service cases are made from these).
        case_reply_hours, case_solve_hours: business hours from opening to answer and to solution (0 without a case).
        satisfaction: 1..5 after the order, reals; falls with the delay of a case.
    """

    order: Ints
    person: Ints
    counter: Ints
    ref: pa.StringArray
    day: Days
    at: Ints
    channel: Codes
    system: Codes
    record: Ints
    store: Codes
    partner: Codes
    agent: Codes
    currency: Codes
    value_home: Reals
    paid_home: Reals
    campaign: Codes
    caused_by: Codes
    cause: Codes
    is_cancelled: Flags
    has_case: Flags
    case_reply_hours: Reals
    case_solve_hours: Reals
    satisfaction: Reals

    def __len__(self) -> int:
        return len(self.order)


@dataclass(frozen=True)
class OrderLines:
    """Lines of a chunk's orders, sorted as the orders are, then by number. Money is in the order's currency.

    Attributes:
        order: row in Orders. number: 1, 2, ... product: code.
        quantity, unit_price, discount, tax, net, unit_cost: as in the feed (unit_cost in the order's currency).
        planted: code of the pair (0..) or sequence (1000..) in the profile that put the product there, -1 none.
    """

    order: Ints
    number: Codes
    product: Codes
    quantity: Codes
    unit_price: Reals
    discount: Reals
    tax: Reals
    net: Reals
    unit_cost: Reals
    planted: Codes


@dataclass(frozen=True)
class Returns:
    """Returned lines: line (row in OrderLines), day, at, quantity, amount (the line's currency), reason (code)."""

    line: Ints
    day: Days
    at: Ints
    quantity: Codes
    amount: Reals
    reason: Codes


@dataclass(frozen=True)
class Contacts:
    """What campaigns did to the persons of a chunk, one row a contact or a control, sorted by person, then instant.

    Attributes:
        contact: number = person x 65536 + campaign x 64 + attempt (0 for past campaigns). ref: contact_ref.
        person, record (whose reference was used), campaign, channel (codes), is_control.
        assignment: code in ASSIGNMENTS. day, at: when it was sent. cost_home: money, 0 for controls.
        delta: true effect on the chance of an extra order, without rounding; for a control what it would have been.
        outcome: order row in Orders caused by it, -1 none. made_leave: True where the contact ended the relation.
        plan_ref: text, "" for past campaigns.
    """

    contact: Ints
    ref: pa.StringArray
    person: Ints
    record: Ints
    campaign: Codes
    channel: Codes
    is_control: Flags
    assignment: Codes
    day: Days
    at: Ints
    cost_home: Reals
    delta: Reals
    outcome: Ints
    made_leave: Flags
    plan_ref: pa.StringArray

    def __len__(self) -> int:
        return len(self.contact)


@dataclass(frozen=True)
class Responses:
    """Answers to contacts: contact (row in Contacts), kind (code in RESPONSES), day, at, order (row in Orders, -1)."""

    contact: Ints
    kind: Codes
    day: Days
    at: Ints
    order: Ints


@dataclass(frozen=True)
class Consents:
    """Permissions as stated: person, record (number), channel, purpose (code), day, at, is_opt_in, evidence."""

    person: Ints
    record: Ints
    channel: Codes
    purpose: Codes
    day: Days
    at: Ints
    is_opt_in: Flags
    evidence: pa.StringArray


@dataclass(frozen=True)
class Wishes:
    """Orders that the persons of a chunk would place if no campaign were, known for some weeks beyond the play.

    What somebody does before he buys hangs on his wish, not on the order: it must not change when a contact brings the
    order forward or calls it off, nor with the day at which one stops.

    Attributes:
        order: number, as in Orders. person, day: as there. share: when on that day, 0 to 1. value_home: as in Orders.
    """

    order: Ints
    person: Ints
    day: Ints
    share: Reals
    value_home: Reals


@dataclass(frozen=True)
class Life:
    """All that the core says about one chunk of persons, up to the horizon asked for.

    Attributes:
        lo, hi: the persons of the chunk. left: day on which the person ends the relation (a large number if never).
        satisfaction: latest satisfaction of each person of the chunk, 1..5 (index person - lo).
        wishes: what the persons would buy of their own will.
        feeds: feed tables of the core (customers, consents, order_lines, returns, campaign_contacts and _responses).
        truth: truth tables of the core, by file name.
    """

    lo: int
    hi: int
    records: Records
    orders: Orders
    lines: OrderLines
    returns: Returns
    contacts: Contacts
    responses: Responses
    consents: Consents
    wishes: Wishes
    left: Days
    satisfaction: Reals
    feeds: dict[str, pa.Table] = field(default_factory=dict)
    truth: dict[str, pa.Table] = field(default_factory=dict)
