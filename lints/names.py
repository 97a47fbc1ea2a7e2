"""A file is named after an idea."""

from collections.abc import Iterator

from lints.source import ROOT, python_files

EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "base"}


def check() -> Iterator[str]:
    """Complain about files whose name says nothing."""
    for path in python_files(tests=True):
        if path.stem in EMPTY_NAMES:
            yield f"{path.relative_to(ROOT)}: name the idea"
