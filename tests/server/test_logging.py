"""One pipeline for our events and the libraries', without anybody's data in it."""

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from server.logging import configure
from server.settings import Settings

NAME = "王小花"


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def _fail(patient: str) -> None:
    raise ValueError("no bed")


def _logged(monkeypatch: pytest.MonkeyPatch, log_format: str) -> str:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stderr", out)
    configure(Settings(log_format=log_format), "serve")
    structlog.get_logger().info("referral.accepted", referral_id="r1")
    try:
        _fail(NAME)
    except ValueError as error:
        structlog.get_logger().error("referral.failed", exc_info=error)
        logging.getLogger("uvicorn.error").exception("library failed")
    logging.getLogger("sqlalchemy.engine").info("SELECT secret")
    logging.getLogger("httpx").info("POST https://sms.example/?PhoneNumbers=secret")
    return out.getvalue()


def test_json_is_one_object_per_line(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [json.loads(line) for line in _logged(monkeypatch, "json").splitlines()]
    assert lines[0]["event"] == "referral.accepted"
    assert lines[0]["referral_id"] == "r1"
    assert lines[0]["process"] == "serve"
    assert lines[0]["level"] == "info"
    assert lines[0]["timestamp"].endswith("Z")
    assert [line["event"] for line in lines[1:]] == ["referral.failed", "library failed"]
    assert lines[1]["exception"][0]["exc_value"] == "no bed"


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_traces_show_where_but_no_values(monkeypatch: pytest.MonkeyPatch, log_format: str) -> None:
    text = _logged(monkeypatch, log_format)
    assert "_fail" in text
    assert "no bed" in text
    assert NAME not in text
    assert "SELECT secret" not in text
