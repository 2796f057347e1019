"""The catalogue: complete in both languages, and neither short of nor beyond what the pages say."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from services.console.assets import STATIC
from services.console.messages import CATALOGUE, LANGUAGES, catalogue, choose_language

TEMPLATES = CATALOGUE.parent / "templates"
SOURCES = [*STATIC.rglob("*.js"), *TEMPLATES.glob("*.html")]
TEXT = {file: file.read_text(encoding="utf-8") for file in SOURCES}


def test_both_languages_have_every_key_and_the_same_blanks() -> None:
    first, second = (catalogue(language) for language in LANGUAGES)
    assert set(first) == set(second)
    for key, text in first.items():
        assert text.strip(), key
        assert second[key].strip(), key
        assert set(re.findall(r"\{(\w+)\}", text)) == set(re.findall(r"\{(\w+)\}", second[key])), key


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: file.name)
def test_every_key_that_is_named_exists(file) -> None:
    keys = re.findall(r"""\bt\(\s*["']([\w.\- ]+)["']""", TEXT[file])
    assert [key for key in keys if key not in catalogue("en") and not key.endswith(".")] == []


def test_every_family_of_keys_that_is_named_by_its_beginning_exists() -> None:
    for file, text in TEXT.items():
        starts = re.findall(r"\bt\(`([\w.\-]+\.)\$\{", text) + re.findall(r"""\bt\('([\w.\-]+\.)' ~""", text)
        for start in starts:
            assert any(key.startswith(start) for key in catalogue("en")), (file.name, start)


def test_no_message_is_left_over() -> None:
    everything = "\n".join(TEXT.values())
    families = set(re.findall(r"`([\w.\-]+\.)\$\{", everything)) | set(re.findall(r"'([\w.\-]+\.)' ~", everything))
    unused = [
        key
        for key in catalogue("en")
        if f'"{key}"' not in everything and f"'{key}'" not in everything and not key.startswith(tuple(families))
    ]
    assert unused == []


def test_the_language_is_the_chosen_one_else_the_first_that_is_spoken() -> None:
    assert choose_language("zh", "en") == "zh"
    assert choose_language(None, "fr,zh-TW;q=0.9,en;q=0.8") == "zh"
    assert choose_language("de", "") == "en"
    assert choose_language(None, "en;q=oops, zh") == "zh"


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed: scripts are not parsed")
def test_every_script_parses() -> None:
    parse = (
        "const {readFileSync} = require('fs'), {SourceTextModule} = require('vm');"
        "for (const file of process.argv.slice(1)) new SourceTextModule(readFileSync(file, 'utf8'), {identifier: file})"
    )
    files = [str(file) for file in sorted(STATIC.rglob("*.js"))]
    checked = subprocess.run(
        ["node", "--experimental-vm-modules", "-e", parse, *files], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_every_import_of_a_script_leads_to_a_file_and_a_name() -> None:
    for file in STATIC.rglob("*.js"):
        for names, path in re.findall(r'import \{([^}]*)\} from "([^"]+)"', TEXT[file]):
            target = (file.parent / path).resolve()
            assert target in TEXT, (file.name, path)
            for name in filter(None, (one.strip().split(" as ")[0] for one in names.split(","))):
                exported = re.search(
                    rf"export (?:async )?(?:function|const|class) {re.escape(name)}(?![\w$])", TEXT[target]
                )
                assert exported, (file.name, path, name)
