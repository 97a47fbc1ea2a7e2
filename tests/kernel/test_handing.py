"""Names of files as headers say them."""

import pytest

from kernel.handing import to_save, to_show


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("roster.xlsx", 'filename="roster.xlsx"'),
        ("assessment-2026-12-31.pdf", 'filename="assessment-2026-12-31.pdf"'),
        ("报告.pdf", "filename*=UTF-8''%E6%8A%A5%E5%91%8A.pdf"),
        ("two words.pdf", "filename*=UTF-8''two%20words.pdf"),
        ('a"; x="b/../c.pdf', "filename*=UTF-8''a%22%3B%20x%3D%22b%2F..%2Fc.pdf"),
        ("line\r\nbreak", "filename*=UTF-8''line%0D%0Abreak"),
        ("", "filename*=UTF-8''"),
    ],
)
def test_no_name_ends_the_header(name: str, said: str) -> None:
    assert to_save(name)["content-disposition"] == f"attachment; {said}"
    assert to_show(name)["content-disposition"] == f"inline; {said}"


def test_no_cache_keeps_a_file() -> None:
    assert to_save("a.pdf")["cache-control"] == "no-store"
    assert to_show("a.pdf")["x-content-type-options"] == "nosniff"
