"""What the environment says of fetching: which hub or mirror, offline or not, how much of the disk."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from models.errors import ModelError

FOLDER_VARIABLE = "REELWISE_WEIGHTS_FOLDER"
MIRROR_VARIABLE = "REELWISE_WEIGHTS_MIRROR"
HUB_VARIABLE = "REELWISE_HUB"
OFFLINE_VARIABLES = ("REELWISE_OFFLINE", "HF_HUB_OFFLINE")
BUDGET_VARIABLE = "REELWISE_WEIGHTS_BUDGET_BYTES"

HubKind = Literal["huggingface", "modelscope"]

_ENDPOINTS: dict[HubKind, tuple[tuple[str, ...], str]] = {
    "huggingface": (("REELWISE_HUGGINGFACE_ENDPOINT", "HF_ENDPOINT"), "https://huggingface.co"),
    "modelscope": (("REELWISE_MODELSCOPE_ENDPOINT",), "https://modelscope.cn"),
}


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub, or a mirror that speaks as one; `endpoint` without a slash at its end."""

    kind: HubKind
    endpoint: str

    def file_url(self, repository: str, revision: str, path: str) -> str:
        """Where a file of a repository is, at a commit, tag or branch."""
        models = "models/" if self.kind == "modelscope" else ""
        return f"{self.endpoint}/{models}{repository}/resolve/{revision}/{path}"


def hub(kind: HubKind) -> Hub:
    """That hub, or the mirror of it that REELWISE_HUGGINGFACE_ENDPOINT (HF_ENDPOINT), or that of ModelScope, names."""
    variables, usual = _ENDPOINTS[kind]
    named = next((value for name in variables if (value := os.environ.get(name))), usual)
    return Hub(kind, named.rstrip("/"))


def preferred_hub() -> HubKind:
    """The hub that is asked first (REELWISE_HUB). Raises `ModelError` for one that is not known."""
    named = os.environ.get(HUB_VARIABLE) or "huggingface"
    for kind in _ENDPOINTS:
        if kind == named:
            return kind
    raise ModelError(f"{HUB_VARIABLE} is {named!r}; it may be {' or '.join(_ENDPOINTS)}")


def offline_by() -> str | None:
    """The variable that says that nothing may be fetched from a network, None where none does."""
    said = (name for name in OFFLINE_VARIABLES if os.environ.get(name, "").lower() not in ("", "0", "false", "no"))
    return next(said, None)


def own_folder() -> Path | None:
    """A folder laid out like the weights folder, tried first."""
    value = os.environ.get(FOLDER_VARIABLE)
    return Path(value) if value else None


def budget_bytes() -> int | None:
    """Most bytes that the weights folder may hold. Raises `ModelError` for what is no number."""
    value = os.environ.get(BUDGET_VARIABLE)
    if not value:
        return None
    if not value.isdecimal() or int(value) == 0:
        raise ModelError(f"{BUDGET_VARIABLE} is {value!r}; it must be a number of bytes above 0")
    return int(value)
