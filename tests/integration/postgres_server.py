"""A real PostgreSQL server for a test: its own folder, a free loopback port, gone afterwards."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

USER = "stella"
PASSWORD = "only-for-this-test"


@dataclass(frozen=True)
class PostgresServer:
    """A running server. `dsn` reaches its database `shop`; `execute` runs SQL there as the owner."""

    binaries: Path
    folder: Path
    port: int

    @property
    def dsn(self) -> str:
        return f"host=127.0.0.1 port={self.port} dbname=shop user={USER} password={PASSWORD}"

    def execute(self, sql: str) -> str:
        return self.psql("shop", sql)

    def psql(self, database: str, sql: str) -> str:
        done = subprocess.run(
            [
                *(self.binaries / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"),
                *("-h", "127.0.0.1", "-p", str(self.port), "-U", USER, "-d", database),
            ],
            input=sql,
            env={**os.environ, "PGPASSWORD": PASSWORD},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


def find_binaries() -> Path | None:
    """The newest server's binaries, where Debian's package or the path has them."""
    places = sorted(
        (p.parent for p in Path("/usr/lib/postgresql").glob("*/bin/initdb")), key=lambda p: float(p.parent.name)
    )
    if places:
        return places[-1]
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@contextmanager
def running_server(binaries: Path) -> Iterator[PostgresServer]:
    """Make a cluster, start it, give it, stop it, remove it. Under root another user runs it, as PostgreSQL demands."""
    folder = Path(tempfile.mkdtemp(prefix="stella-pg-"))
    owner = _unprivileged_user()
    shutil.chown(folder, owner)
    secret = folder / "password"
    secret.write_text(PASSWORD)
    shutil.chown(secret, owner)
    server = PostgresServer(binaries, folder, _free_port())
    control = [str(binaries / "pg_ctl"), "-D", str(folder / "data"), "-w", "-t", "30"]
    options = f"-p {server.port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c shared_buffers=16MB"
    try:
        _run_as(
            owner,
            [
                *(str(binaries / "initdb"), "-D", str(folder / "data"), "-U", USER, f"--pwfile={secret}"),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"),
            ],
        )
        _run_as(owner, [*control, "-o", options, "-l", str(folder / "log"), "start"])
        server.psql("postgres", "create database shop")
        yield server
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            _run_as(owner, [*control, "-m", "immediate", "stop"])
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged_user() -> str:
    if os.geteuid() != 0:
        return getpass.getuser()
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _run_as(user: str, command: list[str]) -> None:
    prefix = [] if os.geteuid() != 0 else ["runuser", "-u", user, "--"]
    done = subprocess.run([*prefix, *command], cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, done.stdout.decode()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
