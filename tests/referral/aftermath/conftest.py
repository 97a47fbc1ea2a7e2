"""The referral network for everything that follows a case."""

from tests.referral.conftest import fresh_net, net

__all__ = ["fresh_net", "net"]
