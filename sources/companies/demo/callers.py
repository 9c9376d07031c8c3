"""How the company knows who got in touch: by the customer's reference, or only by an address.

Belongs here: the identifying columns of inbound contacts and cases. Does not belong here: why somebody gets in touch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from sources.companies.demo.accounts import handles, has_account, platform_names
from sources.companies.demo.codes import CHANNEL, SYSTEMS, Codes, Flags, Ints
from sources.companies.demo.model import Life
from sources.companies.demo.rows import label, record_at, take_or_null
from sources.companies.demo.scene import Scene

_ALL_SYSTEMS = tuple(range(len(SYSTEMS)))
_BY_PHONE = CHANNEL["call_centre"], CHANNEL["sms"], CHANNEL["fax"]
_BY_HANDLE = CHANNEL["social"], CHANNEL["community"]
_BY_NAME_ONLY = CHANNEL["post"], CHANNEL["face_to_face"], CHANNEL["store"], CHANNEL["partner"]


@dataclass(frozen=True)
class Callers:
    """The identifying columns of a feed, one row a contact; `record` is the row in Records or -1."""

    record: Ints
    source_system: pa.Array
    customer_ref: pa.Array
    email: pa.Array
    phone: pa.Array
    handle: pa.Array
    platform: pa.Array


def callers(
    scene: Scene, life: Life, person: Ints, at: Ints, channel: Codes, known: Flags, account: Ints | None = None
) -> Callers:
    """Say what the company sees of each person who gets in touch.

    Args:
        scene: the world.
        life: the chunk.
        person: who.
        at: when.
        channel: code in CHANNELS; it decides which address is seen.
        known: where the reference is noted. Who has no record yet is not known.
        account: row in Records of the account used, -1 where the person's first one is meant; absent = the first one.
    """
    record = record_at(life.records, person, at, _ALL_SYSTEMS)
    if account is not None:
        record = np.where(account >= 0, account, record)
    record = np.where(known, record, -1)
    unknown = record < 0
    by_handle = unknown & np.isin(channel, _BY_HANDLE) & has_account(scene, person)
    by_phone = unknown & np.isin(channel, _BY_PHONE)
    by_email = unknown & ~by_handle & ~by_phone & ~np.isin(channel, _BY_NAME_ONLY)
    written = np.flatnonzero(by_handle)
    place = np.full(len(person), -1, dtype=np.int64)
    place[written] = np.arange(len(written))
    return Callers(
        record=record,
        source_system=label(SYSTEMS, np.where(record >= 0, life.records.system[np.maximum(record, 0)], -1)),
        customer_ref=take_or_null(life.records.ref, record),
        email=take_or_null(scene.persons.email, person, by_email),
        phone=take_or_null(scene.persons.phone, person, by_phone),
        handle=take_or_null(handles(scene, person[written]), place),
        platform=take_or_null(platform_names(scene, person[written]), place),
    )
