"""What an opinion rests on, as its paper says it."""

from datetime import UTC, datetime
from uuid import uuid4

from consult.citing import Quoted
from server.paper.opinion import _quoted

AT = datetime(2026, 11, 28, 3, 4, tzinfo=UTC)


def test_a_still_is_told_with_the_hashes_of_its_file_and_of_its_marks() -> None:
    still = Quoted(
        kind="still", id=uuid4(), zh="超声画面定格图像，标注第 2 版", en="Still", at=AT,
        sha256="ab" * 32, marks_sha256="cd" * 32, note="胎盘下缘",
    )  # fmt: skip
    told = _quoted(still)
    assert told.startswith("超声画面定格图像，标注第 2 版（")
    assert "胎盘下缘 SHA-256 abababababababab 标注 SHA-256 cdcdcdcdcdcdcdcd" in told


def test_a_reading_has_no_hash() -> None:
    reading = Quoted(kind="observation", id=uuid4(), zh="收缩压 84 mmHg", en="SBP 84 mmHg", at=AT)
    assert "SHA-256" not in _quoted(reading)
