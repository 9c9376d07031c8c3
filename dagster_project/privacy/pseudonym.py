"""Pseudonyms: HMAC-SHA-256 (RFC 2104) of what identifies a person, in SQL over whole columns.

Belongs here: the hash and what is recognised as identifying. Which columns get a pseudonym is decided by their
description; see `publishing.privacy`.

The engine has SHA-256 but no HMAC, so it is put together from two hashes with the key's pads, which are worked out
here. They are session variables: no statement, message or compiled file holds the key.
"""

from __future__ import annotations

import hashlib
import hmac

import duckdb

BLOCK_BYTES = 64
_MACROS = """
create or replace temp macro keyed_hash(message) as
    sha256(getvariable('outer_pad') || unhex(sha256(getvariable('inner_pad') || encode(message))));
create or replace temp macro pseudonym_text(value) as
    case when value is not null then 'p' || left(keyed_hash(cast(value as varchar)), 24) end;
create or replace temp macro pseudonym_key(value) as
    case when value = -1 then -1 else cast('0x' || left(keyed_hash(cast(value as varchar)), 15) as bigint) end;
create or replace temp macro is_identifying(value) as
    regexp_matches(value, '@|^[+0][0-9 ()./-]{7,}[0-9]$|^\\pL+([ ._]\\pL+)+');
"""


def install(connection: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Give a connection the macros of the pseudonyms.

    `keyed_hash(text)` is the HMAC in hexadecimal digits; `pseudonym_text(text)` is `p` and 24 of them;
    `pseudonym_key(bigint)` is 60 bits of it, with -1 (unknown) left as it is; `is_identifying(text)` tells whether a
    reference is itself an e-mail address, a telephone number or a name. Null stays null.
    """
    block = hashlib.sha256(key).digest() if len(key) > BLOCK_BYTES else key
    block = block.ljust(BLOCK_BYTES, b"\0")
    connection.execute("set variable inner_pad = ?", [bytes(byte ^ 0x36 for byte in block)])
    connection.execute("set variable outer_pad = ?", [bytes(byte ^ 0x5C for byte in block)])
    connection.execute(_MACROS)


def keyed_hash(key: bytes, message: str) -> str:
    """Give the same hash for one message, without a connection."""
    return hmac.new(key, message.encode(), hashlib.sha256).hexdigest()
