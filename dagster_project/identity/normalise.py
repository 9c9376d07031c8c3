"""How an e-mail address, a phone number and a name are written when they are compared.

Belongs here: normalisation for matching, as SQL macros of the connection. Does not belong here: cleaning for display
(staging does that) and the rules that compare (`rules.py`).
"""

from __future__ import annotations

import duckdb

# Country calling codes (ITU-T E.164) of Europe and of the countries that trade with it most.
CALLING_CODES = {
    "AD": "376", "AE": "971", "AL": "355", "AR": "54", "AT": "43", "AU": "61", "BA": "387", "BE": "32", "BG": "359",
    "BR": "55", "BY": "375", "CA": "1", "CH": "41", "CN": "86", "CY": "357", "CZ": "420", "DE": "49", "DK": "45",
    "EE": "372", "EG": "20", "ES": "34", "FI": "358", "FR": "33", "GB": "44", "GE": "995", "GI": "350", "GR": "30",
    "HK": "852", "HR": "385", "HU": "36", "IE": "353", "IL": "972", "IN": "91", "IS": "354", "IT": "39", "JP": "81",
    "KR": "82", "LI": "423", "LT": "370", "LU": "352", "LV": "371", "MA": "212", "MC": "377", "MD": "373", "ME": "382",
    "MK": "389", "MT": "356", "MX": "52", "NL": "31", "NO": "47", "NZ": "64", "PL": "48", "PT": "351", "RO": "40",
    "RS": "381", "RU": "7", "SA": "966", "SE": "46", "SG": "65", "SI": "386", "SK": "421", "SM": "378", "TN": "216",
    "TR": "90", "UA": "380", "US": "1", "VA": "39", "XK": "383", "ZA": "27",
}  # fmt: skip
KEEPS_LEADING_ZERO = ("IT", "SM", "VA")
"""Countries whose numbers keep their leading zero after the calling code."""

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
    """Define the macros `identity_name`, `identity_email`, `identity_digits` and `identity_phone` for this connection.

    `identity_phone(written, country_code)` gives the international number as digits; a number without international
    prefix is taken as one of the country; null where it has not between 8 and 15 digits, is one digit repeated, or
    the country is unknown.
    """
    for macro in _MACROS:
        connection.execute(macro)
    codes = ", ".join(f"'{country}': '{code}'" for country, code in CALLING_CODES.items())
    kept = ", ".join(f"'{country}'" for country in KEEPS_LEADING_ZERO)
    connection.execute(f"create or replace temp macro identity_calling_code(country) as map {{{codes}}}[country]")
    connection.execute(
        f"""create or replace temp macro identity_phone_digits(written, country) as case
            when identity_is_international(written) then identity_digits(written)
            when length(identity_digits(written)) >= 11
                and starts_with(identity_digits(written), identity_calling_code(country)) then identity_digits(written)
            when country in ({kept}) then identity_calling_code(country) || identity_digits(written)
            else identity_calling_code(country) || regexp_replace(identity_digits(written), '^0', '') end"""
    )
    connection.execute(
        """create or replace temp macro identity_phone(written, country) as case
            when length(identity_phone_digits(written, country)) between 8 and 15
                and not regexp_full_match(identity_digits(written), '0*|1*|2*|3*|4*|5*|6*|7*|8*|9*')
            then identity_phone_digits(written, country) end"""
    )
