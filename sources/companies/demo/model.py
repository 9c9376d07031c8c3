"""The shapes in which the parts of the simulated company hand data to one another: columns of numpy arrays.

Belongs here: names, types, units and meaning of the columns. Does not belong here: how they are drawn.

Conventions, everywhere:

- A **person** is its row number in `Persons` (0 .. n-1). A chunk of the world covers the persons `lo <= person < hi`;
  every array of a chunk holds global person numbers, not offsets.
- A **day** is an int: days since `profile.start` by the company's own clock; day 0 is the first day of the world,
  negative days lie before it. `-1` in a reference (partner, store, campaign, ...) means none.
- An **instant** (`*_at`) is an int64 of seconds since 1970-01-01 UTC.
- A **code** is a row number in one of the tuples below, or in `Products`, `Places`, `Campaigns`.
- **Money** is float64. Columns ending in `_home` are in the company's currency; others are in the row's own
  currency and already rounded to cents.
- A **feed table** is what `feed_shapes.feed_table` makes.

The life of one chunk runs: Persons, Records, Orders with their lines and returns (own will), Contacts with
Responses and Consents (what campaigns did); then the other parts (visits, cases, network, points, ...), which read
all of these and change none.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Days = NDArray[np.int32]
Codes = NDArray[np.int16]
Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]
Weights = NDArray[np.float32]

CHANNELS = (
    "call_centre",
    "web",
    "email",
    "post",
    "fax",
    "face_to_face",
    "sms",
    "app",
    "community",
    "social",
    "machine",
    "partner",
    "store",
    "advertising",
    "other",
)
SYSTEMS = ("crm", "webshop", "app", "pos")
CURRENCIES = ("EUR", "GBP", "CHF")
OBJECTIVES = ("acquire", "retain", "cross_sell", "up_sell", "win_back", "care", "loyalty")
OFFERS = ("discount_pct", "discount_amount", "gift", "points", "information")
RESPONSES = (
    "delivered",
    "bounced",
    "opened",
    "clicked",
    "visited",
    "redeemed",
    "accepted",
    "declined",
    "complained",
    "unsubscribed",
)
CAUSES = ("own_will", "extra", "brought_forward", "sequence")
ASSIGNMENTS = ("random", "sales_rule", "plan")
CHANNEL = {name: code for code, name in enumerate(CHANNELS)}
SYSTEM = {name: code for code, name in enumerate(SYSTEMS)}
RESPONSE = {name: code for code, name in enumerate(RESPONSES)}
SEQUENCE_COUNTER = 8192
CAUSED_COUNTER = 4096
ORDERS_A_PERSON = 16384
CAUSE = {name: code for code, name in enumerate(CAUSES)}
ASSIGNMENT = {name: code for code, name in enumerate(ASSIGNMENTS)}


@dataclass(frozen=True)
class Market:
    """What happens to everybody, one row a day from `first_day` (before the world) to its horizon.

    Attributes:
        first_day: the day of row 0 (negative).
        epoch: UTC instant of the local midnight that begins the day.
        demand: factor on everybody's purchase rate that day (season x weekday x holiday x trend), mean about 1.
        season: factor per day and category on the choice of that category (days x categories), mean about 1.
        fx: value of one unit of the currency in home currency (days x CURRENCIES).
        is_holiday: public holiday per day and country (days x profile countries).
        service_load: expected cases of the day as a multiple of what the teams can take (weekday, holidays, season).
    """

    first_day: int
    epoch: Ints
    demand: Reals
    season: Reals
    fx: Reals
    is_holiday: Flags
    service_load: Reals


@dataclass(frozen=True)
class Products:
    """The catalogue, one row a product; the row number is the product's code everywhere.

    Attributes:
        ref: product_ref. name, brand, department, subcategory, supplier: texts.
        category: code of the category in `profile.catalogue.categories`.
        list_price_home, unit_cost_home: money.
        popularity: weight within its category.
        launched: day from which it is sold. refill_days: days a unit lasts where a device reports it, else 0.
    """

    ref: pa.StringArray
    name: pa.StringArray
    brand: pa.StringArray
    department: pa.StringArray
    subcategory: pa.StringArray
    supplier: pa.StringArray
    category: Codes
    list_price_home: Reals
    unit_cost_home: Reals
    popularity: Reals
    launched: Days
    refill_days: Codes


@dataclass(frozen=True)
class Places:
    """Stores, partners and agents: their references, and where stores are.

    Attributes:
        store_ref, partner_ref, agent_ref: texts; the row number is the code.
        store_city: row in the gazetteer (`names.CITIES`). store_country: code in `profile.population.countries`.
        partner_commission: share of the order's value. agent_team: text.
    """

    store_ref: pa.StringArray
    store_city: Codes
    store_country: Codes
    partner_ref: pa.StringArray
    partner_commission: Reals
    agent_ref: pa.StringArray
    agent_team: pa.StringArray


@dataclass(frozen=True)
class Campaigns:
    """Campaigns, past and planned; the row number is the campaign's code. Effects are truth, the rest is in the feeds.

    Attributes:
        ref, name, coupon_code, eligibility: texts.
        objective: code in OBJECTIVES. offer: code in OFFERS. offer_value: percent, home money or points.
        category: target category's code, -1 for all.
        starts, ends: first and last day. window_days: length of the response window after a contact.
        is_planned: True for those that nobody has carried out before the world's end.
        base_effect: base_k. drift: relative change of the effect per 28 days (drift_k(t) = exp(drift x t / 28)).
        forward_chance: chance that an extra order takes the place of the next one where there is one (`calibration`).
        random_share: share of persons whose selection is by lot with controls; the rest by the sales rule.
        contact_share: share of eligible persons contacted. control_pct: percent of those by lot held out.
        budget_home: money. channels: bool, campaigns x CHANNELS, where it may be sent.
        unit_cost_home, fixed_cost_home: money, campaigns x CHANNELS. capacity_per_day: contacts, campaigns x CHANNELS.
    """

    ref: pa.StringArray
    name: pa.StringArray
    coupon_code: pa.StringArray
    eligibility: pa.StringArray
    objective: Codes
    offer: Codes
    offer_value: Reals
    category: Codes
    starts: Days
    ends: Days
    window_days: Codes
    is_planned: Flags
    base_effect: Reals
    drift: Reals
    forward_chance: Reals
    random_share: Reals
    contact_share: Reals
    control_pct: Reals
    budget_home: Reals
    channels: Flags
    unit_cost_home: Reals
    fixed_cost_home: Reals
    capacity_per_day: Ints


@dataclass(frozen=True)
class Persons:
    """Every person there is or will be until the horizon, one row a person: who they are and what nobody can see.

    Identity: household (int; members of one household are neighbours in the table), role (0 head, 1 partner, 2 child,
    3 other), is_organisation, organisation_name (text, empty for persons), sex (0 female, 1 male), country (code in
    `profile.population.countries`), language (code in `names.LANGUAGES`), given, family (codes in `names.GIVEN`,
    `names.FAMILY`), family_after_marriage (code, -1 if never married), birth (days since 1970),
    city, street, house (codes in `names.CITIES`, `names.STREETS`, number), moved_city, moved_street, moved_house,
    moved_on and married_on (days, a large number if never), email, other_email (texts),
    phone, other_phone (texts in E.164; the other is the one he has had or will have), shares_email and shares_phone
    (uses those of the household's head).

    Arrival: arrived (day; negative for those there on day one), arrived_second (of the local day), source (code in
    CHANNELS), source_campaign, source_partner (codes), source_referrer (person).

    Behaviour: archetype (code in `profile.buying.archetypes`), rate (lambda, orders a week), dropout (p after an
    order), spend_rate (nu of gamma-gamma), is_dormant (already gone on day one), buys_at_arrival, taste (persons x
    categories, rows sum to 1), channel_affinity (persons x CHANNELS, affinity_ic), hour_peak (0..24), order_channel
    (persons x profile order channels, rows sum to 1), contact_response (beta_i), contact_fatigue (phi_i).
    """

    household: Ints
    role: Codes
    is_organisation: Flags
    organisation_name: pa.StringArray
    sex: Codes
    country: Codes
    language: Codes
    given: Codes
    family: Codes
    family_after_marriage: Codes
    birth: Days
    city: Codes
    street: Codes
    house: Codes
    moved_city: Codes
    moved_street: Codes
    moved_house: Codes
    moved_on: Days
    married_on: Days
    email: pa.StringArray
    other_email: pa.StringArray
    phone: pa.StringArray
    other_phone: pa.StringArray
    shares_email: Flags
    shares_phone: Flags
    arrived: Days
    arrived_second: Days
    source: Codes
    source_campaign: Codes
    source_partner: Codes
    source_referrer: Ints
    archetype: Codes
    rate: Reals
    dropout: Reals
    spend_rate: Reals
    is_dormant: Flags
    buys_at_arrival: Flags
    taste: Weights
    channel_affinity: Weights
    hour_peak: Reals
    order_channel: Weights
    contact_response: Reals
    contact_fatigue: Reals

    def __len__(self) -> int:
        return len(self.household)


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


NEVER = 2_000_000
"""A day that never comes."""
