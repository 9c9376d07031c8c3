"""Profile of what leaves the world: file shapes, dirt, and the outside world's own figures.

Belongs here: the sections `files`, `faults` and `externals` of `world.yml`, each key with its unit.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Rate = Field(default=0.0, ge=0, le=1)


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FileShape(_Section):
    """How one feed's files are written."""

    format: Literal["csv", "jsonl", "parquet", "xlsx"] = Field(default="csv", description="file format")
    compression: Literal["none", "gzip", "zstd"] = Field(
        default="none", description="of csv and jsonl; parquet has its own"
    )
    delimiter: str = Field(default=",", min_length=1, max_length=1, description="between the columns of a csv")
    encoding: Literal["utf-8", "latin-1"] = Field(default="utf-8", description="of an uncompressed csv")
    decimal: Literal[".", ","] = Field(
        default=".", description="decimal mark in a csv; a comma needs another delimiter"
    )
    headers: dict[str, str] = Field(
        default_factory=dict, description="the source's own column names, by the contract's"
    )
    words: dict[str, dict[str, str]] = Field(
        default_factory=dict, description="the source's own words for codes, by column and code"
    )
    times: Literal["utc", "local"] = Field(
        default="utc", description="ISO 8601 in UTC, or the company's clock without offset"
    )

    @property
    def suffix(self) -> str:
        """The end of the file's name."""
        return f".{self.format}" + {"none": "", "gzip": ".gz", "zstd": ".zst"}[self.compression]


class FaultRates(_Section):
    """How dirty the feeds are: file faults as shares of feed-days, row faults as shares of the feed's rows."""

    scale: float = Field(default=1.0, ge=0, description="multiplies every rate below; 0 = a faultless world")
    repaired_share: float = Field(default=0.6, ge=0, le=1, description="share of refused rows that come again, mended")
    repaired_after_days: int = Field(default=6, ge=1, description="mean days until a mended or corrected row comes")
    late_days: int = Field(default=4, ge=1, description="largest delay of a late delivery, days")
    clock_skew_seconds: int = Field(default=5400, description="how far a skewed source's clock is ahead, seconds")

    delivered_twice: float = Rate
    late: float = Rate
    out_of_order: float = Rate
    wrong_encoding: float = Rate
    truncated: float = Rate
    extra_column: float = Rate
    missing_column: float = Rate
    clock_skew: float = Rate

    corrected_later: float = Rate
    unknown_product: float = Rate
    unknown_customer: float = Rate
    missing_key: float = Rate
    impossible_date: float = Rate
    text_in_number: float = Rate
    wrong_currency: float = Rate

    def rate(self, kind: str) -> float:
        """Give the rate of one kind of fault, scaled; at most 1."""
        return min(1.0, self.scale * float(getattr(self, kind)))


class Currency(_Section):
    """A foreign currency: a random walk of the logarithm of its rate that returns to the mean."""

    rate: float = Field(gt=0, description="mean: home currency for one unit")
    daily_volatility: float = Field(
        default=0.004, ge=0, description="standard deviation of a day's change of the logarithm"
    )
    return_rate: float = Field(
        default=0.01, ge=0, le=1, description="share of the distance to the mean that a day closes"
    )


class Externals(_Section):
    """Exchange rates, market, areas and calendar."""

    currencies: dict[str, Currency] = Field(
        default_factory=lambda: {"GBP": Currency(rate=1.17), "CHF": Currency(rate=1.05)},
        description="foreign currencies by ISO 4217 code; no rate is quoted on Saturdays and Sundays",
    )
    countries: tuple[str, ...] = Field(default=("IT", "GB", "CH", "DE", "FR"), description="countries with a calendar")
    market_noise: float = Field(
        default=0.04, ge=0, description="standard deviation of the logarithm of a month's market index"
    )
    market_growth_per_year: float = Field(default=0.02, description="growth of the market, share a year")
    demand_correlation: float = Field(
        0.7, ge=0, le=1, description="share of the market index's season that is the company's own season"
    )
    income_spread: float = Field(default=0.25, ge=0, description="standard deviation of the logarithm of median income")
    income_demand_correlation: float = Field(
        0.5, ge=-1, le=1, description="correlation of an area's income with the spend of its persons"
    )
    reporting_lag_days: int = Field(
        default=20, ge=0, description="days after a month's end until its benchmark is published"
    )
