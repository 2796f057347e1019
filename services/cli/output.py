"""Where the command line writes: results on stdout, everything else on stderr, errors in one clear line."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.text import Text
from sqlalchemy.exc import SQLAlchemyError

from models.errors import ModelError
from services.intake.errors import ServiceError
from services.library.errors import LibraryError

out = Console(highlight=False, soft_wrap=False)
err = Console(stderr=True, highlight=False)


class CliError(ServiceError):
    """Something that the command cannot do, with what to do about it."""

    code = "cli_error"


def debugging() -> bool:
    """Whether the user asked for tracebacks."""
    return os.environ.get("REELWISE_DEBUG", "") not in ("", "0")


def complain(message: str, remedy: str = "") -> None:
    """One error line on stderr, and a line that says what to do."""
    err.print(Text.assemble(("error: ", "bold red"), message))
    if remedy:
        err.print(Text.assemble(("  try: ", "bold"), remedy))


@contextmanager
def reported_errors() -> Iterator[None]:
    """Known failures become one line and exit status 1; `REELWISE_DEBUG=1` shows where they came from."""
    try:
        yield
    except (ServiceError, ModelError, LibraryError, SQLAlchemyError, OSError) as error:
        if debugging():
            raise
        if isinstance(error, BrokenPipeError):
            sys.stderr.close()  # the reader of our output went away (`| head`): nobody is left to tell
            raise typer.Exit(1) from None
        message = error.message if isinstance(error, ServiceError) else str(error)
        complain(message, error.remedy if isinstance(error, ServiceError) else "")
        raise typer.Exit(1) from None
