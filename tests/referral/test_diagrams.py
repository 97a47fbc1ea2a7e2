"""The page of diagrams is drawn from the tables."""

from referral.diagrams import PAGE, page


def test_the_page_in_the_docs_is_fresh() -> None:
    assert PAGE.read_text("utf-8") == page()
