"""What a provider says is read as JSON, or not at all."""

import pytest

from duty.notify.channels.line import Answer


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"\xff", b'{"Code": "\xff"}', b"[" * 65_000, b"[]", b"null", b'"OK"'],
)
def test_what_is_no_object_has_no_fields(body: bytes) -> None:
    assert Answer(200, body).fields() == {}
