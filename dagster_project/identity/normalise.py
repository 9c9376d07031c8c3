"""How an e-mail address, a phone number and a name are written when they are compared.

Belongs here: normalisation for matching, as SQL macros of the connection. Does not belong here: cleaning for display
(staging does that) and the rules that compare (`rules.py`).
"""

from __future__ import annotations

import contextlib
from functools import cache

import duckdb
import pyarrow as pa

_MACROS = (
    # Letters and digits of any script, without accents, in lower case; null where nothing is left.
    r"""create or replace temp macro identity_name(written) as
        nullif(trim(regexp_replace(lower(strip_accents(written)), '[^\p{L}\p{N}]+', ' ', 'g')), '')""",
    # An address that could receive mail, in lower case; null otherwise.
    r"""create or replace temp macro identity_email(written) as
        case when regexp_full_match(lower(trim(written)), '[^@\s,;<>"]+@[^@\s,;<>"]+\.[\p{L}]{2,}')
            then lower(trim(written)) end""",
    # The digits of a phone number, without an international prefix.
    r"""create or replace temp macro identity_digits(written) as
        regexp_replace(
            regexp_replace(regexp_replace(written, '\(0\)', ''), '[^0-9+]', '', 'g'), '^(\+|00)|\+', '', 'g')""",
    r"""create or replace temp macro identity_is_international(written) as
        regexp_matches(trim(written), '^[^0-9]*(\+|00)')""",
)


def define_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Define the macros `identity_name`, `identity_latin`, `identity_email`, `identity_digits` and `identity_phone`.

    `identity_phone(written, country_code)` gives the international number as digits; a number without international
    prefix is taken as one of the country; null where it has not between 8 and 15 digits, is one digit repeated, or
    the country is unknown. `identity_phone_of` takes the digits too, where they are there already.
    """
    for macro in _MACROS:
        connection.execute(macro)
    _define_latin(connection)
    codes, prefixes = _phone_plans()
    connection.execute(f"create or replace temp macro identity_calling_code(country) as map {{{codes}}}[country]")
    connection.execute(f"create or replace temp macro identity_trunk_prefix(country) as map {{{prefixes}}}[country]")
    connection.execute(
        """create or replace temp macro identity_phone_digits(written, digits, country) as case
            when identity_is_international(written) then digits
            when length(digits) >= 11 and starts_with(digits, identity_calling_code(country)) then digits
            else identity_calling_code(country) || regexp_replace(digits, '^' || identity_trunk_prefix(country), '')
            end"""
    )
    connection.execute(
        """create or replace temp macro identity_phone_of(written, digits, country) as case
            when length(identity_phone_digits(written, digits, country)) between 8 and 15
                and not regexp_full_match(digits, '0*|1*|2*|3*|4*|5*|6*|7*|8*|9*')
            then identity_phone_digits(written, digits, country) end"""
    )
    connection.execute(
        """create or replace temp macro identity_phone(written, country) as
            identity_phone_of(written, identity_digits(written), country)"""
    )


@cache
def _phone_plans() -> tuple[str, str]:
    """Read each country's calling code and national prefix from `phonenumbers`, as the entries of SQL maps.

    Its own parser takes some 30 microseconds a number; its numbering plans in SQL take a hundredth of that.
    """
    import phonenumbers  # noqa: PLC0415 - 0.2 s that only a resolution should pay

    plans = {
        region: phonenumbers.PhoneMetadata.metadata_for_region(region)
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    }
    codes = ", ".join(f"'{region}': '{plan.country_code}'" for region, plan in plans.items() if plan)
    prefixes = ", ".join(f"'{region}': '{plan.national_prefix or ''}'" for region, plan in plans.items() if plan)
    return codes, prefixes


def _define_latin(connection: duckdb.DuckDBPyConnection) -> None:
    """Define `identity_latin`, which writes letters of any script as Latin ones, in lower case without signs.

    What has more bytes than letters is not written in ASCII alone.
    """
    with contextlib.suppress(duckdb.NotImplementedException, duckdb.CatalogException):
        connection.create_function(
            "identity_transliterated",
            _transliterate,
            ["VARCHAR"],
            "VARCHAR",
            type="arrow",  # type: ignore[call-overload]
        )
    connection.execute(
        r"""create or replace temp macro identity_latin(written) as identity_name(
            case when strlen(strip_accents(written)) > length(strip_accents(written))
                then identity_transliterated(strip_accents(written)) else written end)"""
    )


def _transliterate(texts: pa.Array | pa.ChunkedArray) -> pa.Array:
    import anyascii  # noqa: PLC0415 - a company without names does not need it

    whole = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    distinct = whole.dictionary_encode()
    latin = pa.array([anyascii.anyascii(text or "") for text in distinct.dictionary.to_pylist()], pa.string())
    return latin.take(distinct.indices)
