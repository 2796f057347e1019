import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from services.library import taxonomy as shipped
from services.library.taxonomy import TaxonomyError, load_taxonomy

FOLDER = Path(shipped.__file__).parent


@pytest.fixture
def edited(tmp_path: Path) -> Callable[[str, str, str], Path]:
    """A copy of the shipped folder with one text replaced in one file."""

    def edit(file: str, old: str, new: str) -> Path:
        for path in FOLDER.glob("*.yaml"):
            shutil.copy(path, tmp_path)
        text = (tmp_path / file).read_text(encoding="utf-8")
        assert old in text
        (tmp_path / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        return tmp_path

    return edit


def test_the_shipped_taxonomy_has_two_levels_and_the_designed_size() -> None:
    taxonomy = load_taxonomy()
    assert 20 <= len(taxonomy.first_level) <= 30
    assert 140 <= len(taxonomy.leaves) <= 190
    assert 14 <= len(taxonomy.moods) <= 20
    assert {occasion.slug for occasion in taxonomy.occasions} == {
        "commute",
        "break",
        "after-work",
        "bedtime",
        "workout",
        "meal",
        "study",
        "with-kids",
        "party",
        "weekend-trip",
    }


def test_every_entry_speaks_both_languages() -> None:
    taxonomy = load_taxonomy()
    for entry in (*taxonomy.topics, *taxonomy.moods, *taxonomy.occasions):
        assert re.search(r"[\u4e00-\u9fff]", entry.description_zh), entry.slug
        assert not re.search(r"[\u4e00-\u9fff]", entry.en + entry.description_en), entry.slug
        assert entry.description_en.endswith("."), entry.slug
        assert entry.description_zh.endswith("。"), entry.slug


def test_names_are_distinct_within_a_level() -> None:
    taxonomy = load_taxonomy()
    for entries in (taxonomy.leaves, taxonomy.first_level, taxonomy.moods, taxonomy.occasions):
        assert len({entry.en for entry in entries}) == len(entries)
        assert len({entry.zh for entry in entries}) == len(entries)


def test_lookups_answer_by_slug_and_name_what_is_unknown() -> None:
    taxonomy = load_taxonomy()
    assert taxonomy.topic("cats").parent == "pets"
    assert taxonomy.topic("pets").parent is None
    assert taxonomy.mood("healing").zh == "治愈"
    assert taxonomy.occasion("bedtime").hints.energy[1] < 0.5
    assert {leaf.slug for leaf in taxonomy.leaves_of("pets")} >= {"cats", "dogs"}
    assert [leaf.slug for leaf in taxonomy.leaves_of("cats")] == ["cats"]
    with pytest.raises(KeyError, match="unicorns"):
        taxonomy.topic("unicorns")


def test_moods_spread_over_valence_and_arousal() -> None:
    moods = load_taxonomy().moods
    quadrants = {(mood.valence > 0, mood.arousal > 0) for mood in moods}
    assert len(quadrants) == 4


def test_every_leaf_ranks_one_to_three_moods_and_no_first_level_topic_does() -> None:
    taxonomy = load_taxonomy()
    assert taxonomy.topic("cats").moods == ("cute", "healing", "funny")
    assert all(1 <= len(leaf.moods) <= 3 for leaf in taxonomy.leaves)
    assert not any(topic.moods for topic in taxonomy.first_level)


def test_every_mood_is_typical_of_some_topic() -> None:
    taxonomy = load_taxonomy()
    typical = {mood for leaf in taxonomy.leaves for mood in leaf.moods}
    assert typical == {mood.slug for mood in taxonomy.moods}


def test_every_mood_has_other_words_in_both_languages() -> None:
    for mood in load_taxonomy().moods:
        chinese = [word for word in mood.also if re.search(r"[\u4e00-\u9fff]", word)]
        assert 3 <= len(chinese) <= 6, mood.slug
        assert 6 <= len(mood.also) - len(chinese) <= 12, mood.slug


@pytest.mark.parametrize(
    ("word", "slug"),
    [
        ("awe", "awe"),
        ("Awe-Inspiring", "awe"),
        ("干货", "informative"),
        ("practical", "informative"),
        ("Cheerful", "joyful"),
        (" 热血 ", "exciting"),
        ("melancholic", "sad"),
    ],
)
def test_a_mood_is_found_by_slug_name_or_synonym_in_any_case(word: str, slug: str) -> None:
    taxonomy = load_taxonomy()
    assert taxonomy.mood_named(word) is taxonomy.mood(slug)


@pytest.mark.parametrize("word", ["", "hungry", "joy"])
def test_a_word_of_no_mood_finds_none(word: str) -> None:
    assert load_taxonomy().mood_named(word) is None


def test_no_word_names_two_moods() -> None:
    taxonomy = load_taxonomy()
    assert all(taxonomy.mood_named(name) is mood for mood in taxonomy.moods for name in mood.names)


def test_the_taxonomy_is_read_once() -> None:
    assert load_taxonomy() is load_taxonomy(FOLDER)


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("topics.yaml", "slug: dogs", "slug: cats", r"topics\.yaml: entry 'cats' appears twice"),
        ("topics.yaml", "slug: dogs", "slug: Dogs!", r"topics\.yaml: entry 'Dogs!': slug"),
        ("topics.yaml", "zh: 猫\n", "zh: ''\n", r"topics\.yaml: entry 'cats': zh"),
        ("topics.yaml", "zh: 猫\n", "colour: 猫\n", r"entry 'cats': zh: Field required; colour"),
        ("moods.yaml", "valence: 0.7", "valence: 1.7", r"moods\.yaml: entry 'healing': valence"),
        ("occasions.yaml", "moods: [funny,", "moods: [hungry,", r"entry 'commute': hints\.moods names unknown hungry"),
        (
            "occasions.yaml",
            "topics: [comedy,",
            "topics: [jokes,",
            r"entry 'commute': hints\.topics names unknown jokes",
        ),
        ("occasions.yaml", "energy: [0.2, 0.9]", "energy: [0.9, 0.2]", r"entry 'commute': hints: .*\[low, high\]"),
        ("moods.yaml", "version: 2", "version: one", r"moods\.yaml: `version`"),
        ("topics.yaml", "[cute, healing, funny]", "[cute, furry]", r"entry 'cats': moods names unknown furry"),
        ("topics.yaml", "[cute, healing, funny]", "[]", r"entry 'cats': .*a leaf needs `moods`"),
        ("topics.yaml", "[cute, healing, funny]", "[cute, cute]", r"entry 'cats': .*moods must be distinct"),
        ("topics.yaml", "[cute, healing, funny]", "[cute, healing, funny, calm]", r"entry 'cats': moods: .*at most 3"),
        ("topics.yaml", "    leaves:\n", "    moods: [calm]\n    leaves:\n", r"entry 'food': .*not to the first level"),
        ("moods.yaml", "[satisfying,", "[Cosy,", r"moods\.yaml: entry 'relaxing': 'cosy' already names 'healing'"),
        ("moods.yaml", "[satisfying,", "[治愈,", r"entry 'relaxing': '治愈' already names 'healing'"),
        ("moods.yaml", "    also:\n", "    synonyms:\n", r"entry 'healing': also: Field required; synonyms"),
        ("moods.yaml", "moods:\n", "feelings:\n", r"moods\.yaml: expected exactly the keys"),
        ("moods.yaml", "moods:\n", "moods: [\n", r"moods\.yaml: not readable as UTF-8 YAML"),
    ],
)
def test_an_error_names_the_file_and_the_entry(
    edited: Callable[[str, str, str], Path], file: str, old: str, new: str, said: str
) -> None:
    with pytest.raises(TaxonomyError, match=said):
        load_taxonomy(edited(file, old, new))


def test_a_first_level_topic_without_leaves_is_refused(tmp_path: Path) -> None:
    for path in FOLDER.glob("*.yaml"):
        shutil.copy(path, tmp_path)
    document = yaml.safe_load((tmp_path / "topics.yaml").read_text(encoding="utf-8"))
    document["topics"][0]["leaves"] = []
    (tmp_path / "topics.yaml").write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    with pytest.raises(TaxonomyError, match=r"food\.leaves"):
        load_taxonomy(tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TaxonomyError, match=r"topics\.yaml: not found"):
        load_taxonomy(tmp_path)
