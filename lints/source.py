"""The files the rules read."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("kernel", "registry", "duty", "referral", "consult", "realtime", "quality", "server")


def python_files(*, tests: bool = False) -> Iterator[Path]:
    """All Python files of the packages (and of the tests)."""
    for package in (*PACKAGES, *(("tests",) if tests else ())):
        yield from sorted((ROOT / package).rglob("*.py"))


def web_files() -> Iterator[Path]:
    """The web application's own sources."""
    for pattern in ("*.ts", "*.vue"):
        yield from sorted((ROOT / "web" / "src").rglob(pattern))


def tree(path: Path) -> ast.Module:
    """The parsed file."""
    return ast.parse(path.read_text("utf-8"), str(path))


def place(path: Path, line: int) -> str:
    """`file:line`, from the root."""
    return f"{path.relative_to(ROOT)}:{line}"
