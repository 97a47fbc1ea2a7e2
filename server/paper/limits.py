"""How often one address may ask about codes: guessing 75 bits is hopeless, trying is refused."""

from collections import OrderedDict, deque
from datetime import datetime, timedelta

from referral.paper.errors import TooManyChecks

PER_MINUTE = 20
ADDRESSES = 10_000
WINDOW = timedelta(minutes=1)


class Turnstile:
    """Lets an address pass so often a minute; remembers a bounded number of addresses."""

    def __init__(self, per_minute: int = PER_MINUTE, addresses: int = ADDRESSES) -> None:
        self._per_minute = per_minute
        self._addresses = addresses
        self._seen: OrderedDict[str, deque[datetime]] = OrderedDict()

    def enter(self, address: str, now: datetime) -> None:
        """Count one check.

        Raises:
            TooManyChecks: this address has had its turns for now.
        """
        turns = self._seen.setdefault(address, deque())
        self._seen.move_to_end(address)
        while turns and turns[0] <= now - WINDOW:
            turns.popleft()
        if len(turns) >= self._per_minute:
            wait = turns[0] + WINDOW - now
            raise TooManyChecks(seconds=max(1, round(wait.total_seconds())))
        turns.append(now)
        while len(self._seen) > self._addresses:
            self._seen.popitem(last=False)
