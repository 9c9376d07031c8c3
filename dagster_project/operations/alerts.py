"""What somebody must be told of a run, and telling it: a file, a webhook, a mail.

An alert holds names and counts of the house's own — steps, feeds, checks, tables — and never a value from a record, a
file's name or an engine's message: those stay with the run. A channel that is down costs a warning, never the run.
"""

from __future__ import annotations

import json
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from dagster_project import clock
from dagster_project.operations.outcome import RunOutcome
from dagster_project.settings import Settings

BATCH_CHECK = "batch_is_as_expected"
LANDED_CHECK = "every_file_was_read"
TIMEOUT_SECONDS = 10


@dataclass(frozen=True)
class Alert:
    """One thing to be told. `kind` is failure, stale_feed, blocked_feed, failed_check or quarantine_share."""

    kind: str
    subject: str
    text: str


def alerts_of(
    outcome: RunOutcome, late_feeds: Sequence[str], refused: Mapping[str, tuple[int, int, float]]
) -> list[Alert]:
    """List what is to be told of a run.

    Args:
        outcome: what became of it.
        late_feeds: feeds whose newest record is older than promised.
        refused: by feed the rows that came in, those refused, and the share that the contract bears.
    """
    found = [Alert("failure", step, f"The step {step} failed.") for step in outcome.failures]
    if not outcome.is_success and not found:
        found.append(Alert("failure", "run", "The run failed."))
    found += [Alert("stale_feed", feed, f"The newest record of {feed} is older than promised.") for feed in late_feeds]
    for check in outcome.failed_checks:
        feed = check.asset.rpartition("/")[2]
        if check.name == BATCH_CHECK and check.is_blocking:
            found.append(Alert("blocked_feed", feed, f"The batch of {feed} is held back."))
        elif check.name == LANDED_CHECK:
            found.append(Alert("failed_check", feed, f"A file of {feed} is set aside."))
        elif check.is_blocking:
            found.append(Alert("failed_check", check.asset, f"The check {check.name} of {check.asset} failed."))
    for feed, (rows_in, rows_refused, limit) in refused.items():
        if rows_in and rows_refused / rows_in > limit:
            share = f"{rows_refused:,} of {rows_in:,} rows of {feed} are in quarantine, more than {limit:.0%}."
            found.append(Alert("quarantine_share", feed, share))
    return found


def stopped(verb: str, since: str) -> Alert:
    """Tell of a run whose process ended before it could say so."""
    return Alert("failure", "run", f"The run `{verb}` of {since} was stopped before its end.")


def send(settings: Settings, alerts: Sequence[Alert]) -> list[str]:
    """Send alerts, as one message, over every channel that is set; returns a line for each that could not."""
    if not alerts:
        return []
    message = _message(settings, alerts)
    channels: dict[str, tuple[object, Callable[[Settings, dict[str, Any]], None]]] = {
        "file": (settings.alert_file, _to_file),
        "webhook": (settings.alert_webhook, _to_webhook),
        "e-mail": (settings.alert_email_to, _to_mail),
    }
    warnings = []
    for name, (is_set, deliver) in channels.items():
        if not is_set:
            continue
        try:
            deliver(settings, message)
        except (OSError, ValueError, smtplib.SMTPException) as fault:
            warnings.append(f"the alert could not be sent by {name} ({_reason(fault)})")
    return warnings


def _message(settings: Settings, alerts: Sequence[Alert]) -> dict[str, Any]:
    lines = [alert.text for alert in alerts]
    title = f"Stella {settings.company_name}: {lines[0]}" + (f" And {len(lines) - 1} more." if lines[1:] else "")
    return {
        "company": settings.company_name,
        "sent_at": clock.now().isoformat(),
        "title": title,
        # The key under which chat services look for what to show.
        "text": "\n".join([title, *(f"- {line}" for line in lines), "More: stella status"]),
        "alerts": [asdict(alert) for alert in alerts],
    }


def _to_file(settings: Settings, message: dict[str, Any]) -> None:
    path = Path(settings.alert_file or "").expanduser()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(message, ensure_ascii=False) + "\n")


def _to_webhook(settings: Settings, message: dict[str, Any]) -> None:
    url = settings.alert_webhook.get_secret_value() if settings.alert_webhook else ""
    if not url.startswith(("http://", "https://")):
        raise ValueError("STELLA_ALERT_WEBHOOK is no http address")
    request = urllib.request.Request(  # noqa: S310 - the scheme is looked at above
        url, json.dumps(message).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310
        pass


def _to_mail(settings: Settings, message: dict[str, Any]) -> None:
    mail = EmailMessage()
    mail["Subject"] = " ".join(message["title"].split())
    mail["From"] = settings.alert_email_from
    mail["To"] = settings.alert_email_to
    mail.set_content(message["text"])
    context = ssl.create_default_context()
    if settings.smtp_security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            settings.smtp_host, settings.smtp_port, timeout=TIMEOUT_SECONDS, context=context
        )
    else:
        server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=TIMEOUT_SECONDS)
    with server:
        if settings.smtp_security == "starttls":
            server.starttls(context=context)
        if settings.smtp_user and settings.smtp_password:
            server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        server.send_message(mail)


def _reason(fault: Exception) -> str:
    """Say why, without the address or the server's own words: either may hold a secret."""
    if isinstance(fault, urllib.error.HTTPError):
        return f"it answered {fault.code}"
    if isinstance(fault, smtplib.SMTPResponseException):
        return f"it answered {fault.smtp_code}"
    inner = fault.reason if isinstance(fault, urllib.error.URLError) else fault
    return (inner.strerror if isinstance(inner, OSError) else None) or type(inner).__name__
