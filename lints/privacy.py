"""No telephone number that could be somebody's: synthetic ones begin with 199000."""

import re
import subprocess
from collections.abc import Iterator

from lints.source import ROOT

MOBILE = re.compile(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])")
TEXT = {".py", ".ts", ".vue", ".toml", ".md", ".sql", ".yaml", ".yml", ".html"}


def check() -> Iterator[str]:
    """Complain about numbers in the form of a Chinese mobile number outside the synthetic range."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.suffix not in TEXT or not path.is_file():
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            for found in MOBILE.findall(line):
                if not found.startswith("199000"):
                    yield f"{name}:{number}: looks like a real mobile number"
