"""Every knob of the product, typed, read once from the environment (or `.env`).

Belongs here: what differs between two installations. Does not belong here: what differs between two companies —
that is in `sources/companies/<name>/company.yml`.
"""

from __future__ import annotations

from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

REPOSITORY = Path(__file__).resolve().parent.parent


FIRST_DAY, LAST_DAY = date(1901, 1, 1), date(2199, 12, 31)
"""Days for which the house can be built: versions and the calendar need room on both sides."""


class StellaError(Exception):
    """A fault that the user can mend; its text says what is wrong, where, and what to do."""

    exit_code = 2


class Settings(BaseSettings):
    """The settings of one run; each is an environment variable, described in `.env.example`."""

    model_config = SettingsConfigDict(
        env_prefix="STELLA_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        populate_by_name=True,
        frozen=True,
    )

    company: str = Field("demo", validation_alias="COMPANY", description="Name below sources/companies, or a path.")
    home: Path = Field(Path("data"), description="Working folder; each company has its own folder below it.")
    as_of: date | None = Field(
        None,
        ge=FIRST_DAY,
        le=LAST_DAY,
        validation_alias="AS_OF",
        description="The day to score and decide for (YYYY-MM-DD).",
    )
    now: AwareDatetime | None = Field(
        None, description="The moment that counts as now (with offset), for rehearsals; the clock when empty."
    )
    memory_limit: str = Field(
        "4GB",
        pattern=r"(?i)^\d+(\.\d+)? ?[kmgt]i?b$",
        description="DuckDB's memory limit (such as 4GB or 512MB); beyond it DuckDB spills to disk.",
    )
    threads: int = Field(2, ge=1, description="Threads of DuckDB and of dbt.")
    keep_versions: int = Field(3, ge=1, description="How many published versions are kept.")
    validation_rows: int = Field(1_000_000, ge=1_000, description="Rows validated whole; beyond it, a sample.")
    max_file_bytes: int = Field(50 * 1024**3, ge=1, description="Largest file, uncompressed, that is loaded.")

    daily_at: str = Field(
        "05:00",
        pattern=r"^([01]\d|2[0-3]):[0-5]\d$",
        description="When the daily run begins (HH:MM), in the company's time zone.",
    )
    lock_wait: int = Field(0, ge=0, description="How many seconds a run waits for another of the same company to end.")
    keep_run_days: int = Field(90, ge=1, description="How many days Dagster's records of a run are kept.")
    alert_file: Path | None = Field(None, description="A file that alerts are added to, one JSON object a line.")
    alert_webhook: SecretStr | None = Field(None, description="An address that alerts are posted to, as JSON.")
    alert_email_to: str = Field("", description="Mail addresses, by comma, that alerts are sent to.")
    alert_email_from: str = Field("stella@localhost", description="The sender of those mails.")
    smtp_host: str = Field("localhost", description="The mail server.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Its port.")
    smtp_security: Literal["starttls", "tls", "none"] = Field("starttls", description="How the way to it is secured.")
    smtp_user: str = Field("", description="The account there.")
    smtp_password: SecretStr | None = Field(None, description="Its password.")

    accept: str = Field("", description="Feeds, by comma, whose batch goes in though it breaks a blocking expectation.")
    pseudonym_key: SecretStr = Field(
        SecretStr(""), description="Secret key of the pseudonyms, at least 32 bytes; `stella key` makes one."
    )
    retired_pseudonym_keys: SecretStr = Field(
        SecretStr(""), description="Keys that were in force before, by comma; tombstones made with them need them."
    )
    publish_personal: bool = Field(
        False, description="Publish the personal columns too, in a file of their own that only its owner may read."
    )

    @property
    def company_name(self) -> str:
        """The name of the company, which is the last part of its path."""
        return self.company_folder.name

    @cached_property
    def company_folder(self) -> Path:
        """The folder with the company's `company.yml`, inside the repository or anywhere else."""
        named = REPOSITORY / "sources" / "companies" / self.company
        folder = named if "/" not in self.company and named.is_dir() else Path(self.company).expanduser()
        if not (folder / "company.yml").is_file():
            known = sorted(p.parent.name for p in (REPOSITORY / "sources" / "companies").glob("*/company.yml"))
            raise StellaError(
                f"COMPANY={self.company}: no company.yml in {folder}. "
                f"Give the path of a company folder, or one of: {', '.join(known)}."
            )
        return folder.resolve()

    @property
    def company_home(self) -> Path:
        """The working folder of this company."""
        return self.home.expanduser().resolve() / self.company_name

    @property
    def database(self) -> Path:
        """The file that runs build in. Not named like one of its schemas: DuckDB would find the name ambiguous."""
        return self.company_home / "build.duckdb"

    @property
    def landing(self) -> Path:
        """Where the simulated company's feeds arrive."""
        return self.company_home / "landing"

    @property
    def set_aside(self) -> Path:
        """Where the list of files that could not be read is written."""
        return self.company_home / "set_aside"

    @property
    def data_docs(self) -> Path:
        """Great Expectations' pages."""
        return self.company_home / "data_docs"

    @property
    def published(self) -> Path:
        """Where readers find `stella.duckdb`."""
        return self.company_home / "published"

    @property
    def outbox(self) -> Path:
        """Where planned contacts wait to be sent, one CSV a channel."""
        return self.company_home / "outbox"

    @property
    def dagster_home(self) -> Path:
        """Dagster's own storage of runs and events."""
        return self.home.expanduser().resolve() / "dagster"


def get_settings(**overrides: object) -> Settings:
    """Read the settings; `overrides` (by field name) win over the environment.

    Raises:
        StellaError: a variable has a value that its setting does not allow.
    """
    try:
        return Settings(**{k: v for k, v in overrides.items() if v is not None})  # type: ignore[arg-type]
    except ValidationError as fault:
        lines = [_complaint(str(e["loc"][0]), e.get("input"), e["msg"]) for e in fault.errors()]
        raise StellaError("Settings: " + "; ".join(lines) + " See .env.example.") from None


def _complaint(name: str, value: object, said: str) -> str:
    """Say which variable has a value that cannot be, why, and what it is for."""
    fields = Settings.model_fields
    field = next((f for n, f in fields.items() if name.lower() in (n, str(f.validation_alias).lower())), None)
    variable = str(field.validation_alias) if field and field.validation_alias else f"STELLA_{name.upper()}"
    return f"{variable}={value!r}: {said}. It says: {field.description if field else ''}"
