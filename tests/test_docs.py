"""The documentation says what is so: links lead somewhere, commands parse, settings exist, tables match the code."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
import typer

from services.api.errors import AmbiguousVideoId  # noqa: F401 - importing the API defines all of its errors
from services.api.routes import (
    accounts,
    costs,
    events,
    media,
    recommendations,
    review,
    review_desk,
    review_figures,
    search,
    system,
    users,
    videos,
    webhooks,
)
from services.cli.main import app
from services.cli.output import CliError
from services.intake.errors import ServiceError
from services.settings import Settings
from workers.pipeline import STAGES

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    page
    for page in [*(ROOT / "docs").rglob("*.md"), *(ROOT / f for f in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md"))]
    if page.exists()
)
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
COMMAND = typer.main.get_command(app)

SHELL_BLOCKS = {"bash", "sh", "shell", "console"}
_FENCE = re.compile(r"^ *```(\w*)[^\n]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_SETTING = re.compile(r"REELWISE_[A-Z0-9_]*[A-Z0-9]")
_OPERATORS = {"|", ">", ">>", "<", "&&", "||", ";", "&"}


def prose(text: str) -> str:
    return _FENCE.sub("", text)


def shell_lines(text: str) -> Iterator[str]:
    """Commands of fenced blocks, continued lines joined. In a transcript only the lines behind `$` are commands."""
    for language, body in _FENCE.findall(text):
        lines = [line.strip() for line in body.replace("\\\n", " ").splitlines()]
        typed = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        if typed or language in SHELL_BLOCKS:
            yield from typed or lines


def simple_commands(line: str) -> Iterator[list[str]]:
    """The words of every command of a line: pipes and lists cut, assignments and redirections left out."""
    try:
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
        lexer.whitespace_split = True
        words = list(lexer)
    except ValueError:  # a quote that spans lines, as in a JSON body: no command of ours
        return
    command: list[str] = []
    for word in [*words, ";"]:
        if word not in _OPERATORS:
            if command or not re.fullmatch(r"[A-Z_]+=.*", word):
                command.append(word)
            continue
        if command:
            yield command
        command = []


def reelwise_commands(text: str) -> list[list[str]]:
    """Arguments of every `reelwise` in a fenced block."""
    found = (command for line in shell_lines(text) for command in simple_commands(line))
    return [command[1:] for command in found if Path(command[0]).name == "reelwise"]


def parse(arguments: list[str]) -> None:
    """Parse as the command would, without running it. Raises `click.ClickException` on a mistake."""
    command, context = COMMAND, COMMAND.make_context("reelwise", ["doctor"])
    while hasattr(command, "get_command"):
        if not arguments or arguments[0] in ("--help", "-h"):
            return
        found = command.get_command(context, arguments[0])
        if found is None:
            raise click.UsageError(f"no command {arguments[0]!r}")
        command, arguments = found, arguments[1:]
    if "--help" not in arguments and "-h" not in arguments:
        command.make_context(command.name, list(arguments))


def slugs(page: Path) -> set[str]:
    """Anchors of a page's headings, as they are made on GitHub."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def table(page: str, header: str) -> list[list[str]]:
    """Cells of the table whose header line begins with `header`."""
    rows: list[list[str]] = []
    lines = iter((ROOT / page).read_text(encoding="utf-8").splitlines())
    for line in lines:
        if line.startswith(header):
            next(lines)
            for row in lines:
                if not row.startswith("|"):
                    return rows
                rows.append([cell.strip() for cell in row.strip("|").split("|")])
    return rows


@cache
def environment_names() -> set[str]:
    """Every variable that is a setting, or that code or a script reads by its whole name."""
    names = {str(field.validation_alias or f"REELWISE_{name.upper()}") for name, field in Settings.model_fields.items()}
    for folder in ("models", "workers", "services", "benchmarks", "tests"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and _SETTING.fullmatch(node.value):
                    names.add(node.value)
    scripts = [ROOT / "Makefile", *(file for file in (ROOT / ".ci").iterdir() if file.is_file())]
    for script in scripts:
        names.update(re.findall(r"\$[{(]?(REELWISE_[A-Z_]+)", script.read_text(encoding="utf-8")))
    return names


@pytest.mark.parametrize("name", NAMES)
def test_every_relative_link_leads_to_a_file_and_a_heading(name: str) -> None:
    page = ROOT / name
    for target in _LINK.findall(prose(page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = unquote(target).partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), f"{name} links to {target}, which is not there"
        assert linked.is_relative_to(ROOT), f"{name} links to {target}, outside the repository"
        if anchor and linked.suffix == ".md":
            assert anchor in slugs(linked), f"{name} links to {target}, but there is no such heading"


@pytest.mark.parametrize("name", NAMES)
def test_every_command_parses(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for arguments in reelwise_commands(text):
        try:
            parse(arguments)
        except click.exceptions.Exit:  # an option such as --help, which ends the command while it is parsed
            continue
        except Exception as error:
            raise AssertionError(f"{name}: reelwise {shlex.join(arguments)}: {error}") from error


@pytest.mark.parametrize("name", NAMES)
def test_every_command_in_a_sentence_exists(name: str) -> None:
    text = prose((ROOT / name).read_text(encoding="utf-8"))
    for span in _SPAN.findall(text):
        words = span.split()
        if words[0] == "reelwise" and len(words) > 1 and re.fullmatch(r"[a-z]+", words[1]):
            command = COMMAND.get_command(COMMAND.make_context("reelwise", ["doctor"]), words[1])
            assert command is not None, f"{name}: `{span}`"


@pytest.mark.parametrize("name", NAMES)
def test_every_make_target_exists(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    lines = [*shell_lines(text), *_SPAN.findall(prose(text))]
    for command in (command for line in lines for command in simple_commands(line.partition(" #")[0])):
        if command[0] == "make":
            named = {word for word in command[1:] if re.fullmatch(r"[a-z][\w-]*", word)}
            assert named <= targets, f"{name}: make {' '.join(named - targets)}"


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_is_a_setting_or_read_somewhere(name: str) -> None:
    named = set(_SETTING.findall((ROOT / name).read_text(encoding="utf-8")))
    assert named <= environment_names(), f"{name} names variables that nothing reads"


def test_the_table_of_stages_is_the_pipeline() -> None:
    written = [(row[0], row[1], row[2], row[3]) for row in table("docs/architecture.md", "| stage |")]
    real = []
    for stage in STAGES:
        roles = [*([stage.role] if stage.role else []), *stage.also]
        needs = ", ".join(f"`{need}`" for need in stage.needs) or "none"
        real.append((f"`{stage.name}`", stage.lane.value, needs, ", ".join(role.value for role in roles) or "none"))
    assert written == real


def test_every_fault_has_a_row_and_every_row_a_test() -> None:
    written = {re.sub(r"\[.*", "", row[3].strip("`")) for row in table("docs/reliability.md", "| fault |")}
    files = (ROOT / "tests/faults").glob("test_*.py")
    real = {name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)}
    assert written == real


def test_the_table_of_routes_is_the_api() -> None:
    written = {row[0].strip("`") for row in table("docs/api.md", "| route |")}
    modules = (
        videos, media, search, events, recommendations, users, review, review_desk, review_figures, accounts, costs,
        system, webhooks,
    )  # fmt: skip
    routes = (route for module in modules for route in module.router.routes)
    assert written == {f"{method} {route.path}" for route in routes for method in route.methods}


def test_every_error_that_a_caller_meets_is_in_the_table_under_its_status() -> None:
    written = {
        code: int(row[0])
        for row in table("docs/api.md", "| status |")
        for code in re.findall(r"`(\w+)`", row[1])
    }  # fmt: skip
    for error in leaves(ServiceError):
        if not issubclass(error, CliError):
            assert written.get(error.code) == error.status, error.__name__


def leaves(kind: type[ServiceError]) -> Iterator[type[ServiceError]]:
    below = kind.__subclasses__()
    if not below:
        yield kind
    for each in below:
        yield from leaves(each)


def test_a_wrong_command_would_be_noticed() -> None:
    text = "```bash\nREELWISE_PORT=1 .venv/bin/reelwise serch cats | head\nreelwise show abc --nope && ls\n```"
    first, second = reelwise_commands(text)
    assert first == ["serch", "cats"]
    for arguments in (first, second):
        with pytest.raises(Exception, match=r"(?i)no (such )?(command|option)"):
            parse(arguments)
