"""The smallest engine, as docs/engines.md has it, works when it is put into the table."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.engine_spec import EngineSpec
from models.engines import ENGINES
from models.errors import ProfileInvalid
from models.profile import Profile, Role, load_profile
from models.runtime import Runtime

PAGES = Path(__file__).parents[2] / "docs"


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> EngineSpec[Any]:
    (code,) = re.findall(r"```python\n(.*?)```", (PAGES / "engines.md").read_text(encoding="utf-8"), re.DOTALL)
    namespace: dict[str, Any] = {"__name__": "letters"}
    exec(compile(code, "docs/engines.md", "exec"), namespace)
    entry: EngineSpec[Any] = namespace["ENTRY"]
    monkeypatch.setitem(ENGINES[Role.TEXT], "letters", entry)
    return entry


def profile(**options: object) -> Profile:
    document = load_profile("lite").model_dump(mode="json")
    document["roles"]["text"] = {"engine": "letters", "options": options}
    return Profile.model_validate(document | {"name": "mine"})


@pytest.mark.usefixtures("letters")
def test_the_engine_of_the_page_embeds_texts(tmp_path: Path) -> None:
    text = Runtime(profile(), tmp_path).text
    vectors = text.embed_passages(["Bad", "dab", "xyz"])
    assert vectors.shape == (3, text.dim)
    assert vectors @ vectors.T == pytest.approx(np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]]), abs=1e-6)


@pytest.mark.usefixtures("letters")
def test_its_options_are_checked_and_part_of_its_identity(tmp_path: Path) -> None:
    assert Runtime(profile(fold=False), tmp_path).identity(Role.TEXT).options == "fold=False"
    with pytest.raises(ProfileInvalid, match=r"engine 'letters': there is no option 'size'\. Its options are: fold"):
        Runtime(profile(size=3), tmp_path)


def test_every_engine_and_its_licence_are_in_the_page_on_profiles() -> None:
    page = (PAGES / "profiles.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    for role, engines in ENGINES.items():
        for name, spec in engines.items():
            found = [row for row in rows if row.startswith(f"| {role.value} | `{name}` |")]
            assert found, (role, name)
            for row in found:
                for known in spec.weights:
                    assert f"`{known.name}`" not in row or f"| {known.licence} |" in row


def test_the_page_on_profiles_shows_a_profile_that_can_be_used(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", (PAGES / "profiles.md").read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "mine.yaml").write_text(example, encoding="utf-8")
    from models.engines import engine_options

    assert set(engine_options(load_profile(str(tmp_path / "mine.yaml")))) == set(Role)
