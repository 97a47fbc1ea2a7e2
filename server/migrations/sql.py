"""Hand-written SQL in migrations."""


def statements(script: str) -> list[str]:
    """One statement at a time: the driver prepares each. `$$` bodies stay whole."""
    found: list[str] = []
    current: list[str] = []
    quoted = False
    for line in script.strip().splitlines():
        current.append(line)
        if line.count("$$") % 2:
            quoted = not quoted
        if not quoted and line.split("--")[0].rstrip().endswith(";"):
            found.append("\n".join(current))
            current = []
    if any(line.strip() for line in current):
        found.append("\n".join(current))
    return found
