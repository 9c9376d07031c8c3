"""Service cases in the feeds: `service_cases` as they change, and the `contacts` that they are made of.

Belongs here: rows of cases. Does not belong here: drawing them (`cases`).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sources.companies.demo.callers import Callers, callers
from sources.companies.demo.cases import TALKS, Cases, draw_cases, topics
from sources.companies.demo.codes import CHANNEL, CHANNELS, SYSTEMS, Ints
from sources.companies.demo.feed_shapes import feed_table
from sources.companies.demo.model import Life
from sources.companies.demo.moments import day_of
from sources.companies.demo.rows import hex_refs, label, rows_of_records, take_or_null
from sources.companies.demo.scene import Parts, Scene
from sources.companies.demo.texts import compose, personal

_SEVERITIES = ("low", "normal", "high")


def service(scene: Scene, life: Life) -> Parts:
    """Make the service cases of one chunk, the contacts that belong to them, and the truth about who asked."""
    cases = draw_cases(scene, life)
    if len(cases) == 0:
        return Parts()
    seen = _callers(scene, life, cases)
    refs = hex_refs("C", scene.chance.bits("case.ref", cases.key[:, 0], cases.key[:, 1]))
    truth = pa.table(
        {
            "case_ref": refs, "person_id": cases.person, "order_ref": take_or_null(life.orders.ref, cases.order),
            "satisfaction": np.round(cases.satisfaction, 3), "_day": day_of(scene, cases.opened),
            "reply_hours": cases.reply_hours, "_from_reply_hours": day_of(scene, cases.answered),
            "solve_hours": cases.solve_hours, "_from_solve_hours": day_of(scene, cases.solved),
        }
    )  # fmt: skip
    return Parts(
        {"service_cases": _versions(scene, life, cases, seen, refs), "contacts": [_contacts(scene, cases, seen)]},
        {"service_case": [truth]},
    )


def _callers(scene: Scene, life: Life, cases: Cases) -> Callers:
    """Say how askers are known; who names the order is known by the account with which he ordered."""
    known = scene.chance.flag(scene.profile.service.known_share, "case.known", *cases.key.T)
    account = np.full(len(cases), -1, dtype=np.int64)
    after = cases.order >= 0
    account[after] = rows_of_records(life.records, life.orders.record[cases.order[after]])
    return callers(scene, life, cases.person, cases.opened, cases.channel, known & (~after | (account >= 0)), account)


def _systems(life: Life, cases: Cases, seen: Callers) -> pa.Array:
    """Give the system whose references stand on the row: the order's, the account's, else the customer register."""
    system = np.zeros(len(cases), dtype=np.int64)
    system[seen.record >= 0] = life.records.system[seen.record[seen.record >= 0]]
    after = cases.order >= 0
    system[after] = life.orders.system[cases.order[after]]
    return label(SYSTEMS, system)


def _versions(scene: Scene, life: Life, cases: Cases, seen: Callers, refs: pa.Array) -> list[pa.Table]:
    """Give each case as it looked when it was opened, answered and solved; of one day, only the last."""
    opened, answered, solved = (day_of(scene, at) for at in (cases.opened, cases.answered, cases.solved))
    states = (
        (opened, cases.opened, answered > opened),
        (answered, cases.answered, solved > answered),
        (solved, cases.solved, np.ones(len(cases), dtype=np.bool_)),
    )
    tables = []
    for stage, (day, updated, is_last_of_day) in enumerate(states):
        rows = np.flatnonzero((day < scene.until) & is_last_of_day)
        whole = _table(scene, life, cases, seen, refs, day, updated, stage)
        tables.append(whole.take(pa.array(rows)))
    return tables


def _table(
    scene: Scene, life: Life, cases: Cases, seen: Callers, refs: pa.Array, day: Ints, updated: Ints, stage: int
) -> pa.Table:
    section, chance = scene.profile.service, scene.chance
    answers = chance.flag(section.survey_share, "case.survey", *cases.key.T) & (stage == 2)
    recommends = answers & chance.flag(section.recommend_share, "case.recommend", *cases.key.T)
    score = np.clip(np.round(cases.satisfaction + 0.3 * chance.normal("case.score", *cases.key.T)), 1, 5)
    promotes = np.clip(np.round(2.5 * (cases.satisfaction - 1) + chance.normal("case.promote", *cases.key.T)), 0, 10)
    severity = np.where(cases.is_complaint & (cases.satisfaction < 2.5), 2, cases.is_complaint.astype(np.int64))
    known = np.array(topics(scene), dtype=object)
    return feed_table(
        "service_cases",
        day,
        source_system=_systems(life, cases, seen),
        case_ref=refs,
        updated_at=updated,
        customer_ref=seen.customer_ref,
        email=seen.email,
        phone=seen.phone,
        handle=seen.handle,
        platform=seen.platform,
        channel=np.array(CHANNELS, dtype=object)[cases.channel],
        opened_at=cases.opened,
        first_response_at=None if stage == 0 else cases.answered,
        resolved_at=None if stage < 2 else cases.solved,
        topic=known[cases.topic],
        product_ref=take_or_null(scene.products.ref, cases.product),
        order_ref=take_or_null(life.orders.ref, cases.order),
        severity=np.array(_SEVERITIES, dtype=object)[severity],
        is_complaint=cases.is_complaint,
        satisfaction_score=pa.array(score.astype(np.int64), mask=~answers),
        recommend_score=pa.array(promotes.astype(np.int64), mask=~recommends),
        agent_ref=take_or_null(scene.places.agent_ref, cases.agent),
        text=_texts(scene, cases),
    )


def _texts(scene: Scene, cases: Cases) -> pa.Array:
    """Write what the customer wrote; some give their own phone number or e-mail in it."""
    language = scene.persons.language[cases.person].astype(np.int64)
    product = take_or_null(scene.products.name, cases.product)
    mark = scene.chance.integers(1 << 20, "case.text", *cases.key.T)
    body = compose("service", language, cases.topic, topics(scene), mark, product)
    tells = scene.chance.flag(scene.profile.service.personal_text_share, "case.personal", *cases.key.T)
    by_phone = scene.chance.flag(0.5, "case.personal.kind", *cases.key.T)
    phone = take_or_null(scene.persons.phone, cases.person, tells & by_phone)
    email = take_or_null(scene.persons.email, cases.person, tells & ~by_phone)
    address = pc.coalesce(phone, email)
    return pc.binary_join_element_wise(body, personal(language, address), "")


def _contacts(scene: Scene, cases: Cases, seen: Callers) -> pa.Table:
    """Give the contact by which each case came in, and the message that answered it where it was not a talk."""
    talk = np.isin(cases.channel, TALKS)
    replied = np.flatnonzero(~talk & (day_of(scene, cases.answered) < scene.until))
    section, chance = scene.profile.service, scene.chance
    row = np.r_[np.arange(len(cases)), replied]
    inbound = np.arange(len(row)) < len(cases)
    at = np.where(inbound, cases.opened[row], cases.answered[row])
    minutes = section.talk_minutes * chance.exponential("case.minutes", *cases.key.T)[row]
    ends = at + np.maximum(minutes * 60, 20).astype(np.int64)
    channel = np.where(cases.channel == CHANNEL["store"], CHANNEL["face_to_face"], cases.channel)[row]
    cost = np.round(np.where(talk[row], minutes * section.call_cost, np.where(inbound, 0.0, section.message_cost)), 2)
    return feed_table(
        "contacts",
        day_of(scene, at),
        contact_ref=hex_refs("c", chance.bits("case.contact", cases.key[row, 0], cases.key[row, 1], inbound)),
        source_system=seen.source_system.take(pa.array(row)),
        customer_ref=seen.customer_ref.take(pa.array(row)),
        email=seen.email.take(pa.array(row)),
        phone=seen.phone.take(pa.array(row)),
        handle=seen.handle.take(pa.array(row)),
        channel=label(CHANNELS, channel),
        direction=label(("outbound", "inbound"), inbound.astype(np.int64)),
        purpose=label(("service_reply", "service_case"), inbound.astype(np.int64)),
        occurred_at=at,
        ended_at=pa.array(ends, mask=~talk[row]),
        agent_ref=take_or_null(scene.places.agent_ref, cases.agent[row]),
        outcome=label(("answered", "case_opened"), inbound.astype(np.int64)),
        cost=cost,
        currency=pa.repeat(scene.profile.home_currency, len(row)),
    )
