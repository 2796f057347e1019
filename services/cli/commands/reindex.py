"""`reelwise reindex`: a new index, from the old one or from the lanes."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from models.profile import load_profile
from models.runtime import Runtime
from services.cli.launcher import open_library, runtime_limits, settings_for
from services.cli.options import Data, Profile
from services.cli.output import err, reported_errors
from services.library.index.port import Collection
from services.recommend.models import QUERY_ROLES


def reindex(
    empty: Annotated[
        bool,
        typer.Option("--empty", help="For other models: start an empty index, and send every video through the lanes."),
    ] = False,
    data: Data = None,
    profile: Profile = None,
) -> None:
    """Fill new collections on the Qdrant server, made with today's settings, and put them in use without a gap.

    Videos that are published meanwhile are published once more. With `--empty` finished videos are missing until they
    went through the lanes again, and the embedded index will do, too.
    """
    settings = settings_for(data, profile)
    with reported_errors():
        runtime = Runtime(load_profile(settings.profile), settings.models_dir, limits=runtime_limits(settings))
        try:
            runtime.check_weights(QUERY_ROLES)
            with open_library(settings, runtime, rebuild_index=empty) as library:
                if empty:
                    err.print(Text("The index is empty or as it was; what is due fills it."), soft_wrap=True)
                    return
                from services.library.reindexing import reindex as refill  # qdrant-client takes a while to import

                with err.status("copying") as status:

                    def told(collection: Collection, points: int) -> None:
                        status.update(f"{collection.value}: {points} points")

                    done = refill(library, told)
        finally:
            runtime.close()
    copied = ", ".join(f"{count} {name}" for name, count in done.points.items())
    err.print(Text(f"Copied {copied}; {done.revisited} videos are published once more."), soft_wrap=True)
