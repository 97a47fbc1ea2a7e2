"""How code in the child says no."""


class Refused(Exception):
    """`code` is a reason that has a text in both languages; `detail` names the piece at fault."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail[:300]
