"""What is the same for every chunk of a simulated world: its days, catalogue, places, campaigns and persons.

Belongs here: names, types, units and meaning of the columns; conventions as in `model`. Does not belong here: how they
are drawn (`market`, `catalogue`, `population`), what becomes of the persons (`model`).
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from sources.companies.demo.codes import Codes, Days, Flags, Ints, Reals, Weights


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
