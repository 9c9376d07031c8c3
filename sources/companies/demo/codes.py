"""Codes, counters and array types that every part of the simulated company shares.

Belongs here: the names behind codes, and how numbers of orders are put together. Does not belong here: tables
(`backdrop`, `model`), any number of the world (`profile`).
"""

from __future__ import annotations

import numpy as np
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

NEVER = 2_000_000
"""A day that never comes."""
