"""Public holidays and commercial days of the countries in which the demo company sells, for any year.

Belongs here: the calendar as law and trade have it. Does not belong here: what a day does to demand (`profile`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

MONDAY, FRIDAY, SATURDAY, SUNDAY = 0, 4, 5, 6

# Days of fixed date, and days counted from Easter Sunday, by country.
_FIXED: dict[str, dict[tuple[int, int], str]] = {
    "IT": {
        (1, 1): "Capodanno", (1, 6): "Epifania", (4, 25): "Festa della Liberazione", (5, 1): "Festa dei lavoratori",
        (6, 2): "Festa della Repubblica", (8, 15): "Ferragosto", (11, 1): "Ognissanti",
        (12, 8): "Immacolata Concezione", (12, 25): "Natale", (12, 26): "Santo Stefano",
    },
    "GB": {},  # all of them move with the weekend, see _british
    "CH": {(1, 1): "Neujahr", (8, 1): "Bundesfeiertag", (12, 25): "Weihnachten", (12, 26): "Stephanstag"},
    "DE": {
        (1, 1): "Neujahr", (5, 1): "Tag der Arbeit", (10, 3): "Tag der Deutschen Einheit",
        (12, 25): "Erster Weihnachtstag", (12, 26): "Zweiter Weihnachtstag",
    },
    "FR": {
        (1, 1): "Jour de l'an", (5, 1): "Fête du Travail", (5, 8): "Victoire 1945", (7, 14): "Fête nationale",
        (8, 15): "Assomption", (11, 1): "Toussaint", (11, 11): "Armistice 1918", (12, 25): "Noël",
    },
}  # fmt: skip
_FROM_EASTER: dict[str, dict[int, str]] = {
    "IT": {0: "Pasqua", 1: "Lunedì dell'Angelo"},
    "GB": {-2: "Good Friday", 1: "Easter Monday"},
    "CH": {-2: "Karfreitag", 1: "Ostermontag", 39: "Auffahrt", 50: "Pfingstmontag"},
    "DE": {-2: "Karfreitag", 1: "Ostermontag", 39: "Christi Himmelfahrt", 50: "Pfingstmontag"},
    "FR": {1: "Lundi de Pâques", 39: "Ascension", 50: "Lundi de Pentecôte"},
}
COUNTRIES = tuple(_FIXED)
_SAINT_FRANCIS_SINCE = 2026


def calendar(country: str, year: int) -> list[tuple[date, str, bool]]:
    """Give the days of one country and year as (day, name, is a public holiday), in order of day and name.

    Raises:
        KeyError: a country without a calendar; `COUNTRIES` has the known ones.
    """
    easter = easter_sunday(year)
    public = {(date(year, month, day), name) for (month, day), name in _FIXED[country].items()}
    public |= {(easter + timedelta(days=offset), name) for offset, name in _FROM_EASTER[country].items()}
    if country == "GB":
        public |= set(_british(year))
    if country == "IT" and year >= _SAINT_FRANCIS_SINCE:
        public.add((date(year, 10, 4), "San Francesco d'Assisi"))
    return sorted(
        [(day, name, True) for day, name in public] + [(day, name, False) for day, name in _trade(country, year)]
    )


def easter_sunday(year: int) -> date:
    """Give Easter Sunday of the Gregorian calendar (anonymous algorithm, Nature, 1876)."""
    century, place = divmod(year, 100)
    golden = year % 19
    skipped, correction = century // 4, (century + 8) // 25
    epact = (19 * golden + century - skipped - (century - correction + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (place // 4) - epact - place % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    """Give the nth (from 1; -1 = last) weekday (Monday = 0) of a month."""
    if nth < 0:
        following = date(year + month // 12, month % 12 + 1, 1)
        last = following - timedelta(days=1)
        return last - timedelta(days=(last.weekday() - weekday) % 7)
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _british(year: int) -> Iterator[tuple[date, str]]:
    """Give the bank holidays of England and Wales; one that falls on a weekend moves to the next working day."""
    new_year = date(year, 1, 1)
    delay = (-new_year.weekday()) % 7 if new_year.weekday() >= SATURDAY else 0
    yield new_year + timedelta(days=delay), "New Year's Day"
    yield nth_weekday(year, 5, MONDAY, 1), "Early May bank holiday"
    yield nth_weekday(year, 5, MONDAY, -1), "Spring bank holiday"
    yield nth_weekday(year, 8, MONDAY, -1), "Summer bank holiday"
    christmas = date(year, 12, 25)
    moved = {FRIDAY: (0, 3), SATURDAY: (2, 3), SUNDAY: (2, 1)}.get(christmas.weekday(), (0, 1))
    yield christmas + timedelta(days=moved[0]), "Christmas Day"
    yield christmas + timedelta(days=moved[1]), "Boxing Day"


def _trade(country: str, year: int) -> Iterator[tuple[date, str]]:
    """Give the days on which people shop more, though they are no holidays."""
    yield date(year, 2, 14), "Valentine's Day"
    yield nth_weekday(year, 11, FRIDAY, 4), "Black Friday"
    yield _mothers_day(country, year), "Mother's Day"
    if country == "IT":
        yield date(year, 3, 19), "Festa del papà"
        yield nth_weekday(year, 7, SATURDAY, 1), "Saldi estivi"
        yield date(year, 1, 5), "Saldi invernali"


def _mothers_day(country: str, year: int) -> date:
    if country == "GB":
        return easter_sunday(year) - timedelta(days=21)
    if country == "FR":
        last = nth_weekday(year, 5, SUNDAY, -1)
        whit_sunday = easter_sunday(year) + timedelta(days=49)
        return last if last != whit_sunday else last + timedelta(days=7)
    return nth_weekday(year, 5, SUNDAY, 2)
