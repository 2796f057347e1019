"""The command itself, before any verb is added."""

from __future__ import annotations

import typer

app = typer.Typer(
    name="reelwise",
    help="Watches short videos so that a recommender does not have to guess.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
