"""The pages: each is a frame with its words in place, which its script then fills from the API."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Cookie, Depends, Header
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from services.api.caller import MaybeCaller
from services.api.lookup import NamedVideo
from services.api.version import version
from services.console.assets import address
from services.console.messages import LANGUAGES, catalogue, choose_language
from services.library.record.accounts import Role

router = APIRouter(prefix="/console", include_in_schema=False)
sign_in_router = APIRouter(include_in_schema=False)

THEMES = ("auto", "light", "dark")

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""No script and no style but the console's own files; no page of anybody else around it."""

_EVERYBODY = frozenset(Role)

NAVIGATION = (
    ("library", "/console/", "grid", _EVERYBODY),
    ("queue", "/console/queue", "inbox", frozenset({Role.EDITOR})),
    ("agreement", "/console/agreement", "chart", frozenset({Role.EDITOR})),
    ("taxonomy", "/console/taxonomy", "tree", frozenset({Role.EDITOR})),
    ("for-you", "/console/for-you", "spark", frozenset({Role.EDITOR, Role.RECOMMENDER})),
    ("health", "/console/health", "pulse", _EVERYBODY),
)
"""(page, address, icon, roles that see it beside admins), in the order in which people see them."""


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


class Shown:
    """What a page needs of the request: the language, the theme and who looks."""

    def __init__(
        self,
        caller: MaybeCaller,
        language: Annotated[str | None, Cookie(alias="reelwise_language")] = None,
        theme: Annotated[str, Cookie(alias="reelwise_theme")] = "auto",
        accept_language: Annotated[str, Header()] = "",
    ) -> None:
        self.language = choose_language(language, accept_language)
        self.theme = theme if theme in THEMES else "auto"
        self.caller = caller

    def page(self, name: str, *, current: str | None = None, **values: Any) -> HTMLResponse:
        """The page of `templates/{name}.html`; `values` go to its script as well, as JSON."""
        words, caller = catalogue(self.language), self.caller

        def say(key: str, **filled: object) -> str:
            return words[key].format(**filled) if filled else words[key]

        html = (
            _templates()
            .get_template(f"{name}.html")
            .render(
                t=say,
                static=address,
                language=self.language,
                languages=LANGUAGES,
                theme=self.theme,
                navigation=[entry[:3] for entry in NAVIGATION if caller is not None and caller.may(*entry[3])],
                caller=caller,
                current=current or name,
                version=version(),
                data=_json({"language": self.language, "messages": dict(words), **self._account(), **values}),
                **values,
            )
        )
        return HTMLResponse(html, headers=HEADERS)

    def _account(self) -> dict[str, Any]:
        """Who looks, as scripts need it: `editor` says whether they may decide, `csrf` goes with every change."""
        if self.caller is None:
            return {"account": None, "editor": False, "csrf": None}
        return {
            "account": self.caller.name,
            "editor": self.caller.may(Role.EDITOR),
            "uploader": self.caller.may(Role.UPLOADER, Role.EDITOR),
            "csrf": self.caller.csrf,
        }


ShownOf = Annotated[Shown, Depends(Shown)]


@sign_in_router.get("/sign-in", include_in_schema=False)
def sign_in(shown: ShownOf) -> HTMLResponse:
    """Name and password."""
    return shown.page("sign-in")


@router.get("/")
def library(shown: ShownOf) -> HTMLResponse:
    """All videos, search and upload."""
    return shown.page("library")


@router.get("/videos/{video_id}")
def video(shown: ShownOf, video: NamedVideo) -> HTMLResponse:
    """One video: player, timeline, what is believed of it and why."""
    return shown.page("video", current="library", video_id=video.id)


@router.get("/queue")
def queue(shown: ShownOf) -> HTMLResponse:
    """What most needs an editor's eyes."""
    return shown.page("queue")


@router.get("/agreement")
def agreement(shown: ShownOf) -> HTMLResponse:
    """How often editors let the models' words stand, and how often they agree."""
    return shown.page("agreement")


@router.get("/taxonomy")
def taxonomy(shown: ShownOf) -> HTMLResponse:
    """The closed vocabularies, to be edited and published."""
    return shown.page("taxonomy")


@router.get("/for-you")
def for_you(shown: ShownOf) -> HTMLResponse:
    """A feed to try the recommender with."""
    return shown.page("for-you")


@router.get("/health")
def health(shown: ShownOf) -> HTMLResponse:
    """How the work goes."""
    return shown.page("health")


def _json(values: dict[str, Any]) -> Markup:
    """JSON that can stand inside a script element."""
    text = json.dumps(values, ensure_ascii=False)
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704
