"""Who may do what: accounts, keys, sessions, and the table of routes and roles."""

from services.accounts.keys import make_key
from services.accounts.principal import LOCAL, Principal
from services.accounts.sign_in import COOKIE, SignIn, SignInRefused, TooManyFailures, sign_in, valid_password

__all__ = [
    "COOKIE",
    "LOCAL",
    "Principal",
    "SignIn",
    "SignInRefused",
    "TooManyFailures",
    "make_key",
    "sign_in",
    "valid_password",
]
