"""Who: people, their accounts, roles and logins."""
