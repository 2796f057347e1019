"""Verbs about accounts: add, list, disable, password, key."""

from __future__ import annotations

import getpass
import sys
from typing import Annotated

import typer
from rich.table import Table

from services.cli.launcher import connected, settings_for
from services.cli.options import Data, Json
from services.cli.output import CliError, out, reported_errors
from services.library.record.accounts import Role

app = typer.Typer(help="Who may sign in, and API keys.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the account.", metavar="NAME")]


@app.command("add")
def add(
    name: Name,
    role: Annotated[Role, typer.Option(help="What the account is for.")],
    no_password: Annotated[bool, typer.Option("--no-password", help="For a program: keys only.")] = False,
    data: Data = None,
) -> None:
    """Add an account; the password is asked for, or read from stdin. The first account turns sign-in on."""
    with reported_errors():
        password = None if no_password else read_password()
        with connected(settings_for(data)) as client:
            client.add_account(name, role.value, password)
    hint = f"; `reelwise accounts key {name}` makes a key" if no_password else ""
    out.print(f"{name} is {role.value} now{hint}.")


@app.command("list")
def list_accounts(as_json: Json = False, data: Data = None) -> None:
    """List accounts and their keys."""
    with reported_errors(), connected(settings_for(data)) as client:
        accounts, keys = client.accounts(), client.keys()
    if as_json:
        typer.echo(f'{{"accounts": {accounts.model_dump_json()}, "keys": {keys.model_dump_json()}}}')
        return
    if not accounts.accounts:
        out.print("No accounts: on this machine nobody has to sign in. `reelwise accounts add` adds one.")
        return
    table = Table("name", "role", "password", "state", "keys (prefix, note, last used)")
    for account in accounts.accounts:
        mine = [
            f"{key.prefix} {key.note} {f'{key.last_used_at:%Y-%m-%d %H:%M}' if key.last_used_at else 'never'}"
            + (" revoked" if key.revoked_at else "")
            for key in keys.keys
            if key.account == account.name
        ]
        state = "disabled" if account.disabled else "active"
        table.add_row(account.name, account.role.value, "yes" if account.has_password else "no", state, "\n".join(mine))
    out.print(table)


@app.command("disable")
def disable(
    name: Name,
    enable: Annotated[bool, typer.Option("--enable", help="Let the account in again instead.")] = False,
    data: Data = None,
) -> None:
    """Shut an account out: its sessions end, its keys are refused."""
    with reported_errors(), connected(settings_for(data)) as client:
        client.change_account(name, disabled=not enable)
    out.print(f"{name} is {'active' if enable else 'disabled'}.")


@app.command("password")
def password(name: Name, data: Data = None) -> None:
    """Set a new password, asked for or read from stdin; the account is signed out everywhere."""
    with reported_errors():
        secret = read_password()
        with connected(settings_for(data)) as client:
            client.change_account(name, password=secret)
    out.print(f"{name} has a new password.")


@app.command("key")
def key(
    name: Name,
    note: Annotated[str, typer.Option(help="What the key is for.")] = "",
    revoke: Annotated[str | None, typer.Option(help="Prefix of a key to revoke instead.", metavar="PREFIX")] = None,
    data: Data = None,
) -> None:
    """Make an API key and print it, this once, on stdout; or revoke one."""
    with reported_errors(), connected(settings_for(data)) as client:
        if revoke is not None:
            client.revoke_key(revoke)
            out.print(f"Key {revoke} is refused from now on.")
            return
        made = client.add_key(name, note)
    typer.echo(made.key)


def read_password() -> str:
    """From the terminal, twice and unseen, or a line of stdin. Never from the arguments, which others can list."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("Again: "):
        raise CliError("The two differ.", remedy="Type the same password twice.")
    return first
