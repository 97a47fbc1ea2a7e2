"""One file, one idea; one function, one screen."""

import ast
from collections.abc import Iterator

from lints.source import ROOT, place, python_files, tree, web_files

FILE_LINES = 500
FUNCTION_LINES = 60
COMPONENT_LINES = 200


def check() -> Iterator[str]:
    """Complain about files, functions and components that grew too long."""
    for path in python_files(tests=True):
        lines = path.read_text("utf-8").count("\n")
        if lines > FILE_LINES:
            yield f"{path.relative_to(ROOT)}: {lines} lines, at most {FILE_LINES}"
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION_LINES:
                    where = place(path, node.lineno)
                    yield f"{where}: {node.name} has {length} lines, at most {FUNCTION_LINES}"
    for path in web_files():
        limit = COMPONENT_LINES if path.suffix == ".vue" else FILE_LINES
        lines = path.read_text("utf-8").count("\n")
        if lines > limit and path.name != "schema.d.ts":
            yield f"{path.relative_to(ROOT)}: {lines} lines, at most {limit}"
