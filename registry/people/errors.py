"""Refusals about people, accounts and logins."""

from kernel.errors import Refusal


class LoginFailed(Refusal):
    """Unknown login or wrong password: the two read and time the same."""

    code = "registry.login_failed"
    status = 401


class LoginBlocked(Refusal):
    """Too many failures from this address; it passes by itself. Fields: minutes."""

    code = "registry.login_blocked"
    status = 429


class LoginBusy(Refusal):
    """Too many logins are being checked at this moment."""

    code = "registry.login_busy"
    status = 503


class AccountDisabled(Refusal):
    """The password was right, but the account is disabled."""

    code = "registry.account_disabled"
    status = 403


class LoginTaken(Refusal):
    """Another account has this login. Fields: login."""

    code = "registry.login_taken"


class RolesConflict(Refusal):
    """One account may not hold both roles. Fields: role, held."""

    code = "registry.roles_conflict"


class RoleNeedsPlace(Refusal):
    """The role is held at a facility, or for a region, and the other was given. Fields: role."""

    code = "registry.role_needs_place"
    status = 422


class OwnAccount(Refusal):
    """Nobody disables the account they are using."""

    code = "registry.own_account"


class PasswordWrong(Refusal):
    """The password asked for once more (signing, changing it) was wrong."""

    code = "registry.password_wrong"
    status = 403


class PasswordWeak(Refusal):
    """The new password does not satisfy the rules."""

    code = "registry.password_weak"
    status = 422
