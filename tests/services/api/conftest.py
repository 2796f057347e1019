"""The API over a library that needs no models."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from models.profile import load_profile
from models.runtime import Runtime
from services.api import Service, Sweeping, create_app
from services.cli.bridge import InProcessTransport
from services.library.library import Library
from services.settings import Settings


@pytest.fixture
def api(plain: Library) -> Iterator[httpx.Client]:
    """A client of the API over `plain`. The models are the lite profile's, loaded when a request first needs them."""
    runtime = Runtime(load_profile("lite"), Settings().models_dir)
    app = create_app(Service(plain, runtime, Sweeping()))
    with httpx.Client(transport=InProcessTransport(app), base_url="http://127.0.0.1") as http:
        yield http
    runtime.close()
