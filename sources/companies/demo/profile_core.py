"""Profile of who there is and what happens to everybody: the sections `population`, `records` and `market`.

Belongs here: each key of these sections with its type, range and unit. Does not belong here: values — they are in
`world.yml`, and every one must be given there or in the profile that extends it.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Amount = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]


class Section(BaseModel):
    """A part of a profile: an unknown key is an error, and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Country(Section):
    """A country in which customers live."""

    share: Share = Field(description="share of the households")
    currency: str = Field(pattern="^[A-Z]{3}$", description="ISO 4217 code in which its customers pay")
    languages: dict[str, Share] = Field(description="share of persons by language (BCP 47)")
    time_zone: str = Field(description="IANA name")
    tax_rate: Share = Field(description="tax on the net amount")


class Source(Section):
    """Where customers come from, as weights that need not add up to 1."""

    web: Amount = Field(description="weight: found the web shop")
    store: Amount = Field(description="weight: walked in")
    app: Amount = Field(description="weight: by the app")
    advertising: Amount = Field(description="weight: by an acquisition campaign")
    partner: Amount = Field(description="weight: brought by a partner")
    referral: Amount = Field(description="weight: brought by another customer")


class Population(Section):
    """Persons, households and arrivals."""

    persons: int = Field(ge=1, description="persons who have arrived by the world's end")
    share_on_day_one: Share = Field(description="share of persons who are there when the world begins")
    arrival_days: int | None = Field(ge=1, description="days over which the others arrive; null = all the world's days")
    history_days: int = Field(ge=1, description="days before the start over which those on day one had registered")
    dormant_share: Share = Field(description="share of those on day one who have already stopped buying")
    buys_at_arrival_share: Share = Field(description="share of arrivals whose first order is at the arrival itself")
    organisation_share: Share = Field(description="share of households that are an organisation of one buyer")
    household_sizes: list[Amount] = Field(min_length=1, max_length=6, description="weights of 1, 2, ... 6 persons")
    shares_email_share: Share = Field(description="share of members who use the e-mail of the household's head")
    shares_phone_share: Share = Field(description="share of members who use the phone of the household's head")
    partner_same_name_share: Share = Field(description="share of partners who bear the head's family name")
    head_age: list[Amount] = Field(
        min_length=2, max_length=2, description="youngest and oldest head of a household, years"
    )
    child_age_gap: list[Amount] = Field(
        min_length=2, max_length=2, description="years from a head's birth to a child's"
    )
    youngest_age: Amount = Field(description="nobody younger is a customer, years at the start")
    phone_unusual_share: Share = Field(description="share of records whose phone is not written in E.164")
    twins_share: Share = Field(description="share of households of 4 or more whose last two are twins")
    father_and_son_share: Share = Field(description="share of households of 3 or more in which a son has father's name")
    namesakes_share: Share = Field(description="share of persons who have the full name of another person elsewhere")
    married_per_year: Share = Field(description="share of single women who marry and take another name, a year")
    moved_per_year: Share = Field(description="share of households that move, a year")
    sources: Source
    countries: dict[str, Country]

    @model_validator(mode="after")
    def _countries_known(self) -> Population:
        known = {"IT", "GB", "CH", "DE", "FR"}
        strangers = sorted(set(self.countries) - known)
        if strangers:
            raise ValueError(f"countries: no names and cities for {', '.join(strangers)}; known: IT, GB, CH, DE, FR")
        if sum(self.household_sizes) <= 0 or sum(c.share for c in self.countries.values()) <= 0:
            raise ValueError("household_sizes and the countries' shares must not all be 0")
        return self


class ErrorRates(Section):
    """Share of records with each kind of error; the first record of a person has half of each."""

    typo: Share = Field(description="one letter of the name replaced")
    transposed: Share = Field(description="two neighbouring letters of the name swapped")
    nickname: Share = Field(description="a short form for the given name, where one exists")
    missing_accent: Share = Field(description="accents left out, where there are any")
    initial_only: Share = Field(description="the given name as an initial")
    swapped_day_month: Share = Field(description="day and month of birth swapped, where that is a date")
    wrong_year: Share = Field(description="year of birth off by one or ten")
    changed_email: Share = Field(description="another e-mail address of the same person")
    changed_phone: Share = Field(description="another phone of the same person")
    blank_birth_date: Share = Field(description="no birth date")
    blank_email: Share = Field(description="no e-mail")
    blank_phone: Share = Field(description="no phone")
    blank_address: Share = Field(description="no address")


class Records(Section):
    """How persons appear in the systems."""

    count_weights: list[Amount] = Field(
        min_length=1, max_length=4, description="weights of 1, 2, 3, 4 records a person"
    )
    system_weights: dict[str, Amount] = Field(description="weight of each system as a person's first or next account")
    second_account_share: Share = Field(
        description="share of records beyond the first in a system the person is in already"
    )
    later_days: Positive = Field(description="mean days between a person's one record and the next")
    tells_of_move_share: Share = Field(description="share of records that are updated when the person has moved")
    tells_of_marriage_share: Share = Field(description="share of records that are updated when the person has married")
    update_delay_days: Positive = Field(description="mean days from moving or marrying to the update")
    touched_per_year: Amount = Field(description="updates a record and year that change nothing of identity")
    email_verified_share: Share = Field(description="share of records whose e-mail was confirmed")
    phone_verified_share: Share = Field(description="share of records whose phone was confirmed")
    tax_code_share: Share = Field(
        description="share of crm records of persons with a tax code; organisations all have one"
    )
    interests_share: Share = Field(description="share of records that name interests")
    deleted_per_year: Share = Field(description="share of records that are closed, a year")
    errors: ErrorRates


class MarketSection(Section):
    """What happens to everybody's demand."""

    weekday: list[Amount] = Field(min_length=7, max_length=7, description="factor on demand, Monday to Sunday")
    month: list[Amount] = Field(min_length=12, max_length=12, description="factor on demand, January to December")
    holiday_factor: Amount = Field(description="factor on demand on a public holiday of the home country")
    trend_per_year: float = Field(gt=-1, lt=5, description="growth of everybody's purchase rate, share a year")
    wobble: Amount = Field(description="standard deviation of the logarithm of a week's demand")
    service_peak: Amount = Field(description="how much busier the service teams are on a Monday, share")
    home_country: str = Field(pattern="^[A-Z]{2}$", description="country of the holidays that count")
