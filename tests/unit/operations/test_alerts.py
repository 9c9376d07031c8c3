"""What is told of a run, over which channel, and that neither a secret nor a person is in it."""

from __future__ import annotations

import email
import email.policy
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from dagster_project.operations.alerts import Alert, alerts_of, send, stopped
from dagster_project.operations.outcome import CheckOutcome, RunOutcome
from dagster_project.settings import Settings

ALERTS = [Alert("failure", "dbt", "The step dbt failed."), Alert("stale_feed", "returns", "returns is late.")]
PERSON = "anna.rossi@example.org"


@pytest.fixture
def company(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "company.yml").write_text("name: shop\n")
    return folder


@contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])  # type: ignore[index]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Webhook(HTTPServer):
    """Keeps the bodies posted to it and answers with `status`."""

    def __init__(self, status: int = 200) -> None:
        self.status, self.bodies = status, []
        super().__init__(("127.0.0.1", 0), _WebhookHandler)


class _WebhookHandler(BaseHTTPRequestHandler):
    server: _Webhook

    def do_POST(self) -> None:
        self.server.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class _MailServer(socketserver.ThreadingTCPServer):
    """Speaks as much SMTP as a mail needs, and keeps the mails."""

    daemon_threads = True

    def __init__(self, refusal: bytes | None = None) -> None:
        self.refusal, self.mails, self.recipients = refusal, [], []
        super().__init__(("127.0.0.1", 0), _MailHandler)


class _MailHandler(socketserver.StreamRequestHandler):
    server: _MailServer

    def handle(self) -> None:
        self.wfile.write(b"220 test\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"RCPT":
                self.server.recipients.append(line.decode().partition(":")[2].strip())
            if verb == b"MAIL" and self.server.refusal:
                self.wfile.write(self.server.refusal)
            elif verb == b"DATA":
                self.wfile.write(b"354 go\r\n")
                body = b"".join(iter(self.rfile.readline, b".\r\n"))
                self.server.mails.append(email.message_from_bytes(body, policy=email.policy.default))
                self.wfile.write(b"250 ok\r\n")
            elif verb == b"QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"250 ok\r\n")


def _settings(company: Path, **channels: object) -> Settings:
    return Settings(company=str(company), home=company.parent, smtp_host="127.0.0.1", smtp_security="none", **channels)


def test_all_channels_tell_the_same(company: Path, tmp_path: Path) -> None:
    hook, post = _Webhook(), _MailServer()
    file = tmp_path / "new folder" / "alerts.jsonl"
    with _serving(hook) as hook_port, _serving(post) as mail_port:
        settings = _settings(
            company,
            alert_file=file,
            alert_webhook=f"http://127.0.0.1:{hook_port}/hook",
            alert_email_to="a@example.org, b@example.org",
            alert_email_from="stella@example.org",
            smtp_port=mail_port,
        )
        assert send(settings, ALERTS) == []
        assert send(settings, ALERTS[:1]) == []
    written = [json.loads(line) for line in file.read_text().splitlines()]
    assert written == hook.bodies
    assert [a["kind"] for a in written[0]["alerts"]] == ["failure", "stale_feed"]
    assert post.recipients[:2] == ["<a@example.org>", "<b@example.org>"]
    mail: EmailMessage = post.mails[0]
    assert mail["Subject"] == "Stella shop: The step dbt failed. And 1 more."
    assert "returns is late." in mail.get_content()


def test_nothing_to_tell_or_nobody_to_tell_it_to(company: Path, tmp_path: Path) -> None:
    assert send(_settings(company, alert_file=tmp_path / "alerts"), []) == []
    assert not (tmp_path / "alerts").exists()
    assert send(_settings(company), ALERTS) == []


def test_a_channel_that_is_down_is_one_line_and_the_others_are_served(company: Path, tmp_path: Path) -> None:
    hook, post = _Webhook(500), _MailServer(refusal=b"550 go away hush\r\n")
    with _serving(hook) as hook_port, _serving(post) as mail_port:
        warnings = send(
            _settings(
                company,
                alert_file=tmp_path / "alerts",
                alert_webhook=f"http://127.0.0.1:{hook_port}/hush",
                alert_email_to="a@example.org",
                smtp_port=mail_port,
            ),
            ALERTS,
        )
    assert warnings == [
        "the alert could not be sent by webhook (it answered 500)",
        "the alert could not be sent by e-mail (it answered 550)",
    ]
    assert (tmp_path / "alerts").read_text().count("\n") == 1


def test_no_server_at_all_is_one_line_without_the_address(company: Path) -> None:
    with _serving(_Webhook()) as port:
        pass
    warnings = send(
        _settings(
            company, alert_webhook=f"http://127.0.0.1:{port}/hush", alert_email_to="a@example.org", smtp_port=port
        ),
        ALERTS,
    )
    assert len(warnings) == 2
    assert all("refused" in w and "hush" not in w and "127.0.0.1" not in w for w in warnings)


@pytest.mark.parametrize("address", ["file:///etc/passwd", "hush", "http://127.0.0.1:99999/hush"])
def test_an_address_that_is_none_is_one_line(company: Path, address: str) -> None:
    (warning,) = send(_settings(company, alert_webhook=address), ALERTS)
    assert "hush" not in warning
    assert "passwd" not in warning


def test_secrets_are_never_shown(company: Path) -> None:
    settings = _settings(company, alert_webhook="https://hooks/hush", smtp_password="hush")
    assert "hush" not in f"{settings!r} {settings} {settings.model_dump_json()}"


def _check(asset: str, name: str, is_blocking: bool, passed: bool = False) -> CheckOutcome:
    return CheckOutcome(asset, name, passed, is_blocking, {"breaches": f"such as {PERSON}"})


def test_each_kind_of_alert() -> None:
    outcome = RunOutcome(
        "id",
        is_success=False,
        asset_count=1,
        checks=[
            _check("raw/orders", "batch_is_as_expected", is_blocking=True),
            _check("raw/leads", "batch_is_as_expected", is_blocking=False),
            _check("raw/leads", "every_file_was_read", is_blocking=False),
            _check("marts/mart_kpi", "tests_hold", is_blocking=True),
            _check("marts/mart_rfm", "tests_hold", is_blocking=True, passed=True),
        ],
        failures={"dbt": f"cannot convert '{PERSON}'"},
    )
    found = alerts_of(outcome, ["returns"], {"orders": (100, 6, 0.05), "leads": (100, 5, 0.05), "stores": (0, 0, 0.0)})
    assert [(a.kind, a.subject) for a in found] == [
        ("failure", "dbt"),
        ("stale_feed", "returns"),
        ("blocked_feed", "orders"),
        ("failed_check", "leads"),
        ("failed_check", "marts/mart_kpi"),
        ("quarantine_share", "orders"),
    ]
    assert not any(PERSON in a.text + a.subject for a in found)


def test_a_run_that_failed_without_a_step_and_one_that_was_stopped() -> None:
    assert [a.kind for a in alerts_of(RunOutcome("id", False, 0), [], {})] == ["failure"]
    assert alerts_of(RunOutcome("id", True, 0), [], {}) == []
    assert "stopped before its end" in stopped("stella run", "2026-03-01").text
