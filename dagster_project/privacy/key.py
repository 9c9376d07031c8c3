"""The secret key of the pseudonyms: where it comes from, when it is wanted, how a fresh one is made.

Belongs here: the key and its file `.env`. What is made with it is in `pseudonym.py`.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dagster_project.settings import Settings, StellaError

SHORTEST = 32
VARIABLE = "STELLA_PSEUDONYM_KEY"
RETIRED_VARIABLE = "STELLA_RETIRED_PSEUDONYM_KEYS"
SIMULATED_KEY = "a-simulated-company-has-no-secret-to-keep"
"""The key of simulated companies, whose persons do not exist."""
_HOW = "Run `stella key` once: it writes a fresh key into .env. Keep a copy of it in a safe place."


@dataclass(frozen=True)
class PseudonymKey:
    """The key in force, and those it took the place of, which only tombstones still need."""

    current: bytes
    retired: tuple[bytes, ...] = ()

    def __repr__(self) -> str:
        """Show the name of the key, never the key."""
        return f"PseudonymKey({key_name(self.current)})"


def key_name(key: bytes) -> str:
    """Name a key without giving it away: the first 8 hexadecimal digits of the hash of its hash."""
    return hashlib.sha256(hashlib.sha256(key).digest()).hexdigest()[:8]


def find_key(settings: Settings, *, is_simulated: bool, has_personal_data: Callable[[], bool]) -> PseudonymKey | None:
    """Find the key of this installation; none where nothing personal is to be protected and none is set.

    Args:
        settings: with the key from the environment.
        is_simulated: the company's persons are simulated, so that a key that everybody knows will do.
        has_personal_data: whether the company sends columns that their contract calls personal or sensitive.

    Raises:
        StellaError: the key is missing where it is needed, or too short.
    """
    given = settings.pseudonym_key.get_secret_value().strip()
    retired = tuple(k.strip().encode() for k in settings.retired_pseudonym_keys.get_secret_value().split(",") if k)
    if given and len(given.encode()) < SHORTEST:
        raise StellaError(f"{VARIABLE} has {len(given.encode())} bytes; at least {SHORTEST} are needed. {_HOW}")
    if given:
        return PseudonymKey(given.encode(), retired)
    if is_simulated:
        return PseudonymKey(SIMULATED_KEY.encode(), retired)
    if has_personal_data():
        raise StellaError(
            f"{settings.company_name} sends personal data, and {VARIABLE} is not set: "
            f"what is published is made pseudonymous with this secret key. {_HOW}"
        )
    return None


def write_fresh_key(file: Path, rotate: bool = False) -> str:
    """Write a fresh key into an environment file (mode 0600, whole or not at all); return its name.

    With `rotate` the key that is there becomes a retired one, which tombstones made with it still need.

    Raises:
        StellaError: the file has a key already and it is not to be rotated, or has none and is.
    """
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    old = _value(text, VARIABLE)
    if old and not rotate:
        raise StellaError(
            f"{file}: {VARIABLE} is set already; another key changes every pseudonym. "
            "To change it nevertheless: `stella key --rotate`, then `stella publish`."
        )
    if rotate and not old:
        raise StellaError(f"{file}: there is no {VARIABLE} to rotate. `stella key` writes a first one.")
    fresh = secrets.token_hex(32)
    text = _with_value(text, VARIABLE, fresh)
    if old:
        text = _with_value(text, RETIRED_VARIABLE, ",".join(filter(None, [old, _value(text, RETIRED_VARIABLE)])))
    part = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)
    return key_name(fresh.encode())


def _value(text: str, name: str) -> str:
    found = re.findall(rf"^{name}=(.*)$", text, re.MULTILINE)
    return found[-1].strip().strip("\"'") if found else ""


def _with_value(text: str, name: str, value: str) -> str:
    line = f"{name}={value}"
    if re.search(rf"^{name}=", text, re.MULTILINE):
        return re.sub(rf"^{name}=.*$", line, text, flags=re.MULTILINE)
    return f"{text}{'' if not text or text.endswith(chr(10)) else chr(10)}{line}\n"
