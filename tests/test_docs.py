"""Documents name files that exist; locks hold hashes and no addresses; rules have sources."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("*/README.md")])
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
CODE_PATH = re.compile(r"`((?:[a-z_]+/)+[a-z0-9_.\-]*)`")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    for target in LINK.findall(document.read_text("utf-8")):
        if "://" not in target:
            assert (document.parent / target).exists(), f"{document.name} → {target}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_paths_in_backticks_exist(document: Path) -> None:
    for path in CODE_PATH.findall(document.read_text("utf-8")):
        top = path.split("/")[0]
        if (ROOT / top).is_dir() and not path.startswith("server/static"):
            assert (ROOT / path).exists(), f"{document.name} names {path}"


def test_every_decision_is_listed() -> None:
    adr = ROOT / "docs/adr"
    index = (adr / "README.md").read_text("utf-8")
    for record in sorted(adr.glob("0*.md")):
        assert record.name in index
        text = record.read_text("utf-8")
        for heading in ("**Context.**", "**Decision.**", "**Consequences.**", "**Enforced by.**"):
            assert heading in text, f"{record.name} lacks {heading}"
        assert text.count("\n") <= 45, f"{record.name} is longer than a screen"


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_python_locks_hold_hashes_and_no_addresses(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert "://" not in text
    pinned = [line for line in text.splitlines() if re.match(r"^[a-z0-9]", line)]
    assert len(pinned) > 50
    for line in pinned:
        assert "==" in line, line
        assert line.rstrip().endswith("\\"), f"{line} has no hash"


def test_npm_lock_holds_hashes_and_no_addresses() -> None:
    lock = json.loads((ROOT / "web/package-lock.json").read_text("utf-8"))
    assert len(lock["packages"]) > 100
    for name, package in lock["packages"].items():
        assert "resolved" not in package, name
        if name and not package.get("link"):
            assert package.get("integrity", "").startswith("sha"), name
