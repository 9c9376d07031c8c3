"""Contacts to references that no record has: they are sent, and come back.

Belongs here: planned contacts to such references, as rows. Does not belong here: contacts of persons (`contacts`).
A reference that a source got wrong stands in the company's feeds like any other; who plans by it writes to nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from sources.companies.demo.codes import CHANNELS, Flags, Ints
from sources.companies.demo.feed_shapes import feed_table
from sources.companies.demo.moments import instant
from sources.companies.demo.row_bits import column_bits
from sources.companies.demo.rows import hex_refs, label, take_or_null
from sources.companies.demo.scene import Parts, Scene

_COMES_BACK = 3_600


@dataclass(frozen=True)
class Strays:
    """Planned contacts to references that no record has, one row each; columns as in a plan, codes as in `codes`."""

    source_system: pa.Array
    customer_ref: pa.Array
    campaign: Ints
    channel: Ints
    day: Ints
    second: Ints
    is_control: Flags
    plan_ref: pa.Array


def returned(scene: Scene, strays: Strays) -> Parts:
    """Make the rows of contacts that reach nobody, and of their coming back within the hour."""
    who = column_bits(strays.customer_ref) ^ column_bits(strays.source_system)
    key = (who, strays.campaign, strays.day, strays.second)
    refs = hex_refs("K", scene.chance.bits("stray.ref", *key))
    at, sent = instant(scene, strays.day, strays.second), np.flatnonzero(~strays.is_control)
    campaign_ref = scene.campaigns.ref.take(pa.array(strays.campaign))
    cost = np.where(strays.is_control, 0.0, scene.campaigns.unit_cost_home[strays.campaign, strays.channel])
    contacts = feed_table(
        "campaign_contacts",
        strays.day,
        contact_ref=refs,
        campaign_ref=campaign_ref,
        source_system=strays.source_system,
        customer_ref=strays.customer_ref,
        channel=label(CHANNELS, np.where(strays.is_control, -1, strays.channel)),
        variant=pa.repeat("plan", len(at)),
        is_control=strays.is_control,
        sent_at=at,
        cost=np.round(cost, 4),
        currency=pa.repeat(scene.profile.home_currency, len(at)),
        plan_ref=strays.plan_ref,
    )
    responses = feed_table(
        "campaign_responses",
        strays.day[sent],
        response_ref=hex_refs("A", scene.chance.bits("stray.response", *(part[sent] for part in key))),
        contact_ref=take_or_null(refs, sent),
        campaign_ref=take_or_null(campaign_ref, sent),
        source_system=take_or_null(strays.source_system, sent),
        customer_ref=take_or_null(strays.customer_ref, sent),
        response=pa.repeat("bounced", len(sent)),
        responded_at=np.minimum(at[sent] + _COMES_BACK, instant(scene, strays.day[sent], 86_399)),
    )
    return Parts({"campaign_contacts": [contacts], "campaign_responses": [responses]}, {})
