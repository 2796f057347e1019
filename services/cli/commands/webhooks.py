"""Verbs about webhooks: add, list, remove, retry."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from services.api.webhook_schemas import DeliveriesAnswer, WebhooksAnswer
from services.cli.launcher import connected, settings_for
from services.cli.options import Data, Json
from services.cli.output import out, reported_errors
from services.library.record.outbox import DeliveryState, WebhookEvent

app = typer.Typer(help="Who is told what became of videos.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the webhook.", metavar="NAME")]


@app.command("add")
def add(
    name: Name,
    url: Annotated[str, typer.Argument(help="http(s) URL of an allowed host.", metavar="URL")],
    event: Annotated[list[WebhookEvent] | None, typer.Option(help="Only these; may be given more than once.")] = None,
    data: Data = None,
) -> None:
    """Add a webhook, or change one, and print on stdout the secret that its messages are signed with."""
    with reported_errors(), connected(settings_for(data)) as client:
        made = client.put_webhook(name, url, [each.value for each in event or ()])
    typer.echo(made.secret)


@app.command("list")
def list_webhooks(as_json: Json = False, data: Data = None) -> None:
    """List webhooks, and the messages that were given up."""
    with reported_errors(), connected(settings_for(data)) as client:
        hooks = client.get("/v1/webhooks", WebhooksAnswer)
        dead = client.get("/v1/webhooks/deliveries", DeliveriesAnswer, state=DeliveryState.DEAD.value, limit=20)
    if as_json:
        typer.echo(f'{{"webhooks": {hooks.model_dump_json()}, "dead": {dead.model_dump_json()}}}')
        return
    if not hooks.webhooks:
        out.print("Nobody is told. `reelwise webhooks add NAME URL` adds a webhook.")
        return
    table = Table("name", "url", "events", "waiting", "dead", "state")
    for hook in hooks.webhooks:
        events = ", ".join(event.value for event in hook.events)
        state = Text(hook.disabled or "active")
        table.add_row(hook.name, Text(hook.url), events, str(hook.pending), str(hook.dead), state)
    out.print(table)
    for each in dead.deliveries:
        said = f"{each.id}  {each.webhook}  {each.event.value}  {each.video_id[:12]}  {each.attempts} times: "
        out.print(Text(f"dead {said}{each.last_error}"), soft_wrap=True)


@app.command("remove")
def remove(name: Name, data: Data = None) -> None:
    """Forget a webhook, and what was to be sent there."""
    with reported_errors(), connected(settings_for(data)) as client:
        client.remove_webhook(name)
    out.print(f"{name} is not told any more.")


@app.command("retry")
def retry(
    message: Annotated[int | None, typer.Argument(help="Number of a dead message; default: all.")] = None,
    webhook: Annotated[str | None, typer.Option(help="Only those of this webhook.", metavar="NAME")] = None,
    data: Data = None,
) -> None:
    """Send dead messages again, with the same ids."""
    with reported_errors(), connected(settings_for(data)) as client:
        answer = client.retry_deliveries(webhook=webhook, delivery=message)
    out.print(f"{answer.retried} messages are sent again.")
