"""The referral network for papers."""

from tests.referral.conftest import fresh_net, net

__all__ = ["fresh_net", "net"]
