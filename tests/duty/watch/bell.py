"""A way to the operators that only remembers."""

from collections.abc import Sequence

from duty.watch.alarms import Bells
from duty.watch.states import Change


class Heard(Bells):
    """What was told, in order."""

    def __init__(self) -> None:
        super().__init__("test", ())
        self.heard: list[tuple[str, str]] = []

    def tell(self, changes: Sequence[Change]) -> None:
        """Remember."""
        self.heard += [(change.what, str(change.sign.sign)) for change in changes]
