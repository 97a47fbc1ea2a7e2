"""Every "no" to a link's holder, and to those who issue links; the texts stand in messages.toml."""

from kernel.errors import Refusal


class LinkOver(Refusal):
    """Unknown, expired or revoked: the three look the same."""

    code = "referral.link_over"
    status = 410


class LinkSpent(Refusal):
    """The one answer that this link was for has been given."""

    code = "referral.link_spent"


class NotALink(Refusal):
    """The place is inside the network, or the offer is not one that a link may answer."""

    code = "referral.link_not_needed"
    status = 422


class ChangedMeanwhile(Refusal):
    """A step was entered for another destination than the one that holds. Fields: facility."""

    code = "referral.changed_meanwhile"


class EntryUnreadable(Refusal):
    """An entry from a phone does not fit its kind. Fields: reason."""

    code = "referral.entry_unreadable"
    status = 422


class OxygenShort(Refusal):
    """Less oxygen than the trip and the margin need. Fields: needed_l, available_l."""

    code = "referral.oxygen_short"
    status = 422
