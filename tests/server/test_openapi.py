"""The description that the web client is generated from is the application's own."""

import json
from pathlib import Path

from server.commands.openapi import document

STORED = Path(__file__).parent.parent.parent / "web" / "openapi.json"


def test_stored_description_is_fresh() -> None:
    """Else: `yunshang openapi --output web/openapi.json`, then `npm --prefix web run api`."""
    assert json.loads(STORED.read_text("utf-8")) == json.loads(json.dumps(document()))
