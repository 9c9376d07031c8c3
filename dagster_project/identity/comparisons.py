"""How two records are compared, column by column, from equal to different.

Belongs here: the levels of each comparison as SQL over the columns of `identity_feature` with the suffixes `_l` and
`_r`, and what a level is worth before any data have been seen. Does not belong here: what it is worth in the
company's own data (`training.py` learns that).

The levels are those of Fellegi and Sunter (1969), as Splink writes them. Where two names or addresses are near each
other because both were made from the same name, nearness says nothing: such a pair counts as unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Level:
    """One level: its condition, the share of pairs of one person on it as first guess, a column of term frequencies."""

    name: str
    condition: str
    prior: float
    frequency_of: str | None = None


@dataclass(frozen=True)
class Comparison:
    """Levels from equal to different (the last one is everything else) and when a pair says nothing."""

    column: str
    unknown: str
    levels: tuple[Level, ...]
    differs_in_household: bool = False
    """True where two members of a household differ as a rule."""


def _slip(left: str, right: str) -> str:
    """One slip of the pen; what is cheap to see is asked first, since these run on every pair.

    A letter more or less leaves the first or the last one as it is.
    """
    return (
        f"(case when length({left}) = length({right}) then hamming({left}, {right}) <= 2 "
        f"else abs(length({left}) - length({right})) = 1 and ({left}[1] = {right}[1] or {left}[-1] = {right}[-1]) end "
        f"and damerau_levenshtein({left}, {right}) <= 1)"
    )


def _near(left: str, right: str) -> str:
    return f"({_slip(left, right)} or jaro_winkler_similarity({left}, {right}) >= 0.88)"


def _unknown(column: str) -> str:
    return f"{column}_l is null or {column}_r is null"


# A spelling is taken for a slip of another only if it is rare beside it: Marco and Mario are two names.
_RARE = (
    "(least(tf_given_name_l, tf_given_name_r) <= 0.02 * greatest(tf_given_name_l, tf_given_name_r) + 2.5 / records_l)"
)
_LONG = "length(given_name_l) > 2 and length(given_name_r) > 2"
_REVERSED = (
    "((left(given_name_l, 1) = left(family_name_r, 1) or left(family_name_l, 1) = left(given_name_r, 1)) "
    f"and {_LONG} and {_near('given_name_l', 'family_name_r')} and {_near('family_name_l', 'given_name_r')})"
)
_CROSSED = f"((given_name_l = family_name_r or family_name_l = given_name_r) and {_LONG})"
_SHORT_FORM = (
    "list_contains(forms_l, given_key_r) or starts_with(given_name_l, given_name_r) "
    "or starts_with(given_name_r, given_name_l) or (length(given_name_r) > 3 and contains(given_name_l, given_name_r)) "
    "or (length(given_name_l) > 3 and contains(given_name_r, given_name_l))"
)
_SWAPPED_DATE = (
    "left(birth_date_l, 4) = left(birth_date_r, 4) and substr(birth_date_l, 6, 2) = substr(birth_date_r, 9, 2) "
    "and substr(birth_date_l, 9, 2) = substr(birth_date_r, 6, 2)"
)
_NEAR_EMAIL = (
    f"(email_l <> email_r and (email_local_l = email_local_r or ({_slip('email_local_l', 'email_local_r')} "
    "and ends_with(email_r, substr(email_l, length(email_local_l) + 1)))))"
)
_EMAIL_OF_NAME = (
    "(contains(email_local_l, coalesce(replace(family_name_l, ' ', ''), '?')) "
    "or contains(email_local_l, coalesce(replace(given_name_l, ' ', ''), '?')))"
)
_SAME_STREET = (
    "(jaro_winkler_similarity(street_l, street_r) >= 0.88 "
    "or jaro_winkler_similarity(street_words_l, street_words_r) >= 0.88)"
)
_SAME_HOUSE = "(house_number_l is null or house_number_r is null or house_number_l = house_number_r)"
_NEAR_PLACE = f"({_slip('postcode_l', 'postcode_r')} or jaro_winkler_similarity(city_l, city_r) >= 0.9)"

GIVEN_NAME = Comparison("given_name", _unknown("given_name"), (
    Level("equal", "given_name_l = given_name_r", 0.82, "given_name"),
    Level("short form", _SHORT_FORM, 0.07),
    Level("slip", f"{_RARE} and {_slip('given_name_l', 'given_name_r')}", 0.05),
    Level("reversed", _REVERSED, 0.01),
    Level("crossed", _CROSSED, 0.005),
    Level("similar", f"{_RARE} and jaro_winkler_similarity(given_name_l, given_name_r) >= 0.8", 0.02),
    Level("different", "ELSE", 0.025),
), differs_in_household=True)  # fmt: skip
FAMILY_NAME = Comparison("family_name", f"{_unknown('family_name')} or {_REVERSED}", (
    Level("equal", "family_name_l = family_name_r", 0.86, "family_name"),
    Level("slip", _slip('family_name_l', 'family_name_r'), 0.06),
    Level("similar", "jaro_winkler_similarity(family_name_l, family_name_r) >= 0.85 "
        "or starts_with(family_name_l, family_name_r) or starts_with(family_name_r, family_name_l)", 0.03),
    Level("different", "ELSE", 0.05),
))  # fmt: skip
ORGANISATION_NAME = Comparison("family_name", _unknown("family_name"), (
    Level("equal", "family_name_l = family_name_r", 0.85, "family_name"),
    Level("slip", _slip('family_name_l', 'family_name_r'), 0.06),
    Level("similar", "jaro_winkler_similarity(family_name_l, family_name_r) >= 0.92 "
        "or starts_with(family_name_l, family_name_r) or starts_with(family_name_r, family_name_l)", 0.05),
    Level("different", "ELSE", 0.04),
), differs_in_household=True)  # fmt: skip
BIRTH_DATE = Comparison("birth_date", _unknown("birth_date"), (
    Level("equal", "birth_date_l = birth_date_r", 0.95),
    Level("slip", f"{_slip('birth_date_l', 'birth_date_r')} or ({_SWAPPED_DATE})", 0.03),
    Level("part", "left(birth_date_l, 4) = left(birth_date_r, 4) or substr(birth_date_l, 6) = substr(birth_date_r, 6)",
        0.01),
    Level("different", "ELSE", 0.01),
), differs_in_household=True)  # fmt: skip
GENDER = Comparison("gender", _unknown("gender"), (
    Level("equal", "gender_l = gender_r", 0.99), Level("different", "ELSE", 0.01),
))  # fmt: skip
EMAIL = Comparison("email", f"{_unknown('email')} or ({_NEAR_EMAIL} and {_EMAIL_OF_NAME})", (
    Level("equal", "email_l = email_r", 0.8), Level("near", _NEAR_EMAIL, 0.02), Level("different", "ELSE", 0.18),
))  # fmt: skip
PHONE = Comparison("phone", _unknown("phone"), (
    Level("equal", "phone_l = phone_r", 0.8),
    Level("slip", _slip('phone_l', 'phone_r'), 0.02),
    Level("different", "ELSE", 0.18),
))  # fmt: skip
ADDRESS = Comparison("street", _unknown("street"), (
    Level("equal", f"street_l = street_r and {_NEAR_PLACE}", 0.8),
    Level("similar", f"{_SAME_HOUSE} and {_NEAR_PLACE} and {_SAME_STREET}", 0.06),
    Level("similar elsewhere", f"{_SAME_HOUSE} and {_SAME_STREET}", 0.01),
    Level("street", f"{_NEAR_PLACE} and {_SAME_STREET}", 0.02),
    Level("place", "postcode_l = postcode_r and city_l = city_r", 0.02),
    Level("near place", _NEAR_PLACE, 0.02),
    Level("different", "ELSE", 0.07),
))  # fmt: skip
TAX_CODE = Comparison("tax_code", _unknown("tax_code"), (
    Level("equal", "tax_code_l = tax_code_r", 0.97),
    Level("slip", _slip('tax_code_l', 'tax_code_r'), 0.02),
    Level("different", "ELSE", 0.01),
), differs_in_household=True)  # fmt: skip

COMPARISONS: Mapping[str, tuple[Comparison, ...]] = {
    "person": (GIVEN_NAME, FAMILY_NAME, BIRTH_DATE, GENDER, EMAIL, PHONE, ADDRESS, TAX_CODE),
    "organisation": (ORGANISATION_NAME, EMAIL, PHONE, ADDRESS, TAX_CODE),
}


def splink_comparison(comparison: Comparison, m: list[float], u: list[float]) -> dict[str, Any]:
    """Write a comparison as Splink reads it, with the probabilities of its levels (equal first)."""
    levels: list[dict[str, Any]] = [
        {"sql_condition": comparison.unknown, "label_for_charts": "unknown", "is_null_level": True}
    ]
    for level, m_probability, u_probability in zip(comparison.levels, m, u, strict=True):
        written = {
            "sql_condition": level.condition,
            "label_for_charts": level.name,
            "m_probability": float(m_probability),
            "u_probability": float(u_probability),
        }
        if level.frequency_of:
            written |= {"tf_adjustment_column": level.frequency_of, "tf_adjustment_weight": 1.0}
        levels.append(written)
    return {"output_column_name": comparison.column, "comparison_levels": levels}
