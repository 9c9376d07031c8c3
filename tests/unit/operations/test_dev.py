"""The verb `dev`: a port that is taken is told before anything is started."""

from __future__ import annotations

import socket

import pytest

from dagster_project.operations.dev import serve
from dagster_project.settings import StellaError, get_settings


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(StellaError, match=rf"Port {port} on 127\.0\.0\.1 is taken\. Give another"):
            serve(get_settings(), port)
