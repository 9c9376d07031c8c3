"""The life of one chunk of persons, from records to consents: the core's modules in their order.

Belongs here: the order of things. Does not belong here: how any of them is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sources.companies.demo import core_feeds
from sources.companies.demo.answers import make_contacts, make_responses
from sources.companies.demo.baskets import Basket, Shelf, fill, followers
from sources.companies.demo.campaigning import play_campaigns
from sources.companies.demo.codes import ASSIGNMENT, CAUSE, ORDERS_A_PERSON, SEQUENCE_COUNTER
from sources.companies.demo.contacts import Batch, Stage, play, set_stage
from sources.companies.demo.model import Life, Orders, Wishes
from sources.companies.demo.orders import Bought, bought_orders, finish_orders, own_seconds, redeem
from sources.companies.demo.permission import draw_permission, state_consents
from sources.companies.demo.pricing import price_lines, return_lines
from sources.companies.demo.purchases import own_orders
from sources.companies.demo.records import draw_records
from sources.companies.demo.registry import customers
from sources.companies.demo.rows import place_in_group
from sources.companies.demo.scene import Scene
from sources.companies.demo.strays import Strays

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Plan:
    """Contacts that somebody has planned, one row a contact, sorted by day and person.

    Attributes:
        person, campaign, channel, day, second, is_control: as in `model.Contacts`. record: number of the record whose
            address is used. attempt: 1, 2, ... for repeated contacts of a person by a campaign. plan_ref: text.
        strays: contacts to references that no record has; they come back.
    """

    person: Ints
    record: Ints
    campaign: Ints
    channel: Ints
    day: Ints
    second: Ints
    is_control: NDArray[np.bool_]
    attempt: Ints
    plan_ref: NDArray[np.object_]
    strays: Strays | None = None


def live(scene: Scene, shelf: Shelf, lo: int, hi: int, plan: Plan | None = None) -> Life:
    """Let the persons `lo <= person < hi` live until `scene.until` and tell what comes of it."""
    records = draw_records(scene, lo, hi)
    stage = set_stage(scene, lo, hi, records, own_orders(scene, lo, hi), draw_permission(scene, lo, hi))
    play_campaigns(stage)
    if plan is not None:
        _play_plan(stage, plan, hi)
    orders, basket = _shop(stage, shelf)
    contacts = make_contacts(stage, orders)
    real = ~contacts.is_control
    orders = redeem(scene, orders, contacts.person[real], contacts.at[real], contacts.campaign[real].astype(np.int64))
    responses = make_responses(stage, contacts, orders)
    lines = price_lines(scene, orders, basket)
    returns = return_lines(scene, orders, lines)
    consents = state_consents(scene, lo, records, stage.permission)
    return Life(
        lo=lo,
        hi=hi,
        records=records,
        orders=orders,
        lines=lines,
        returns=returns,
        contacts=contacts,
        responses=responses,
        consents=consents,
        wishes=Wishes(
            order=stage.own.person * ORDERS_A_PERSON + stage.own.counter,
            person=stage.own.person,
            day=stage.own.day,
            share=stage.own.share,
            value_home=stage.value,
        ),
        left=stage.left.astype(np.int32),
        satisfaction=_contentment(scene, lo, hi, orders),
        feeds={
            "customers": customers(scene, records),
            "consents": core_feeds.consent_rows(scene, records, consents),
            "order_lines": core_feeds.order_line_rows(scene, records, orders, lines),
            "returns": core_feeds.return_rows(scene, records, orders, lines, returns),
            "campaign_contacts": core_feeds.contact_rows(scene, records, contacts),
            "campaign_responses": core_feeds.response_rows(scene, records, contacts, responses, orders),
        },
    )


def _shop(stage: Stage, shelf: Shelf) -> tuple[Orders, Basket]:
    """Fill the baskets, add what follows by planted sequences, and finish the orders."""
    scene, bought = stage.scene, bought_orders(stage)
    number = bought.person * ORDERS_A_PERSON + bought.counter
    basket = fill(scene, shelf, number, bought.person, bought.day, bought.value)
    row, product, day, code = followers(scene, shelf, basket, number, bought.day)
    soon = (day < scene.until) & (day <= stage.left[bought.person[row] - stage.lo])
    row, product, day, code = row[soon], product[soon], day[soon], code[soon]
    person, counter = bought.person[row], SEQUENCE_COUNTER + bought.counter[row]
    nothing = np.full(len(row), -1, dtype=np.int64)
    follow = Bought(
        person=person,
        counter=counter,
        day=day,
        second=own_seconds(scene, person, counter, day),
        value=scene.products.list_price_home[product],
        cause=np.full(len(row), CAUSE["sequence"], dtype=np.int64),
        caused_by=nothing,
        called_off=np.zeros(len(row), dtype=bool),
    )
    both = Bought._make(np.concatenate(columns) for columns in zip(bought, follow, strict=True))
    orders = finish_orders(scene, stage.records, both)
    return orders, _place_lines(orders, basket, number, follow, product, code)


def _place_lines(orders: Orders, basket: Basket, number: Ints, follow: Bought, product: Ints, code: Ints) -> Basket:
    """Point the lines to the rows of the finished orders, and sort them by these."""
    sort = np.argsort(orders.order, kind="stable")
    owner = np.concatenate([number[basket.order], follow.person * ORDERS_A_PERSON + follow.counter])
    row = sort[np.searchsorted(orders.order[sort], owner)]
    by_row = np.argsort(row, kind="stable")
    return Basket(
        order=row[by_row],
        product=np.concatenate([basket.product, product])[by_row],
        quantity=np.concatenate([basket.quantity, np.ones(len(product), dtype=np.int64)])[by_row],
        planted=np.concatenate([basket.planted, code])[by_row],
    )


def _play_plan(stage: Stage, plan: Plan, hi: int) -> None:
    """Carry out the planned contacts of this chunk, day by day, one contact a person at a time."""
    mine = np.flatnonzero((plan.person >= stage.lo) & (plan.person < hi))
    mine = mine[np.lexsort((plan.second[mine], plan.person[mine], plan.day[mine]))]
    turn = place_in_group(plan.day[mine] * (1 << 40) + plan.person[mine])
    for day in np.unique(plan.day[mine]):
        for time in range(int(turn[plan.day[mine] == day].max()) + 1):
            now = mine[(plan.day[mine] == day) & (turn == time)]
            play(
                stage,
                Batch(
                    row=plan.person[now] - stage.lo,
                    record=np.searchsorted(stage.records.record, plan.record[now]),
                    campaign=plan.campaign[now],
                    channel=plan.channel[now],
                    day=plan.day[now],
                    second=plan.second[now],
                    is_control=plan.is_control[now],
                    assignment=np.full(len(now), ASSIGNMENT["plan"], dtype=np.int64),
                    attempt=plan.attempt[now],
                    plan_ref=plan.plan_ref[now],
                ),
            )


def _contentment(scene: Scene, lo: int, hi: int, orders: Orders) -> NDArray[np.float64]:
    """Give each person's satisfaction after his last order; the mean for those without one."""
    satisfaction = np.full(hi - lo, scene.profile.aftercare.satisfaction_mean)
    satisfaction[orders.person - lo] = orders.satisfaction
    return satisfaction
