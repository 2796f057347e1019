"""`reelwise`: one command with many verbs; each is a thin layer over the API's client."""

from __future__ import annotations

from services.cli.commands import (
    accounts,
    ask,
    costs,
    demo,
    models,
    operate,
    reindex,
    review,
    scaled,
    status,
    train,
    viewer,
    webhooks,
    work,
    worker,
)
from services.cli.typer_app import app

app.command("analyze")(work.analyze)
app.command("list")(work.list_videos)
app.command("show")(work.show)
app.command("duplicates")(work.duplicates)
app.command("retry")(work.retry)
app.command("search")(ask.search)
app.command("recommend")(ask.recommend)
app.command("why")(ask.why)
app.command("feedback")(viewer.feedback)
app.command("profile")(viewer.profile)
app.command("costs")(costs.costs)
app.command("demo")(demo.demo)
app.command("train")(train.train)
app.command("up")(operate.up)
app.command("api")(scaled.api)
app.command("sweep")(scaled.sweep)
app.command("reindex")(reindex.reindex)
app.command("status")(status.status)
app.command("worker")(worker.worker)
app.command("doctor")(operate.doctor)
app.command("schema")(operate.schema)
app.add_typer(models.app, name="models")
app.add_typer(accounts.app, name="accounts")
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(review.app, name="review")

__all__ = ["app"]

if __name__ == "__main__":
    app()
