"""One request or task is one transaction: only the session scope commits."""

import ast
from collections.abc import Iterator

from lints.source import ROOT, place, python_files, tree

ALLOWED = {
    ROOT / "kernel/database.py",
    ROOT / "server/migrations/env.py",
}


def check() -> Iterator[str]:
    """Complain about every `….commit()` below the edge."""
    for path in python_files():
        if path in ALLOWED:
            continue
        for node in ast.walk(tree(path)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "commit"
            ):
                yield f"{place(path, node.lineno)}: commit() below the edge"
