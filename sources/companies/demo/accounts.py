"""Accounts on social networks: who has one, where, and under which handle.

Belongs here: what other parts must know of an account. Does not belong here: what accounts do (`network`).
Accounts of persons are numbered as the persons are; those of strangers go on from there.
"""

from __future__ import annotations

import unicodedata
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sources.companies.demo import names
from sources.companies.demo.chance import scramble
from sources.companies.demo.codes import Flags, Ints
from sources.companies.demo.rows import label
from sources.companies.demo.scene import Scene

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_BITS = 28  # more accounts than any world has


def has_account(scene: Scene, person: Ints) -> Flags:
    """Tell which persons have an account; organisations have none."""
    drawn = scene.chance.flag(scene.profile.network.account_share, "network.account", person)
    return drawn & ~scene.persons.is_organisation[person]


def platform_of(scene: Scene, account: Ints) -> Ints:
    """Give the platform of each account, code in the profile's platforms."""
    weights = [platform.weight for platform in scene.profile.network.platforms.values()]
    return scene.chance.pick(weights, "network.platform", account)


def platform_names(scene: Scene, account: Ints) -> pa.Array:
    """Give the platform of each account as text."""
    return label(list(scene.profile.network.platforms), platform_of(scene, account))


def handles(scene: Scene, account: Ints) -> pa.Array:
    """Give the handle of each account: a name in small letters and a number that no other account has."""
    given, family = given_and_family(scene, account)
    first, last = _slugs("given").take(pa.array(given)), _slugs("family").take(pa.array(family))
    style = scene.chance.integers(3, "network.handle", account)
    short = pc.utf8_slice_codeunits(last, 0, 1)
    joined = pc.choose(pa.array(style), first, pc.binary_join_element_wise(first, last, "."),
                       pc.binary_join_element_wise(first, short, "."))  # fmt: skip
    return pc.binary_join_element_wise(joined, _base36(scramble(account, 36, _BITS)), "_")


def given_and_family(scene: Scene, account: Ints) -> tuple[Ints, Ints]:
    """Give the names behind accounts, as codes of `names`; a stranger has the names of two other people."""
    persons = scene.persons
    own = np.minimum(account, len(persons) - 1)
    strange = account >= len(persons)
    one = scene.chance.integers(len(persons), "network.stranger.given", account)
    other = scene.chance.integers(len(persons), "network.stranger.family", account)
    given, family = np.where(strange, one, own), np.where(strange, other, own)
    return persons.given[given].astype(np.int64), persons.family[family].astype(np.int64)


def _base36(number: Ints) -> pa.Array:
    digits = np.array(list(_DIGITS))
    places = 36 ** np.arange(6)[::-1]
    return (
        pa.array(["".join(row) for row in digits[number[:, None] // places % 36]])
        if len(number)
        else pa.array([], pa.string())
    )


@cache
def _slugs(kind: str) -> pa.Array:
    pool = names.given() if kind == "given" else names.family()
    return pa.array([_slug(word) for word in pool.words.to_pylist()], pa.string())


def _slug(word: str) -> str:
    plain = unicodedata.normalize("NFKD", word.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return "".join(letter for letter in plain.lower() if letter.isalnum()) or "x"
