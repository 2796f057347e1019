from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from services.recommend.policies import SOURCES, PolicyFault, load_policies


def written(folder: Path, text: str) -> Path:
    file = folder / "policies.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_shipped_policies_weigh_known_sources_and_the_default_weighs_all() -> None:
    policies = load_policies()
    assert set(policies.policies["balanced"].weights) == set(SOURCES)
    assert policies.choose("amy").name == policies.default == "balanced"
    assert policies.choose("amy", "curious").variant == "asked"
    with pytest.raises(PolicyFault, match="no policy 'nope'"):
        policies.choose("amy", "nope")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("policies: [", "no YAML"),
        ("just words", "no mapping"),
        ("default: a\npolicies: {a: {weights: {smell: 1}}}", "unknown sources smell"),
        ("default: a\npolicies: {a: {weights: {fit: 0}}}", "above 0"),
        ("default: a\npolicies: {a: {weights: {fit: -1}}}", "greater than or equal to 0"),
        ("default: b\npolicies: {a: {weights: {fit: 1}}}", "b: no such policy"),
        ("default: a\npolicies: {a: {weights: {fit: 1}, relevence: 1}}", "relevence"),
        ("default: a\npolicies: {a: {weights: {fit: 1}}}\nexperiments: {x: {arms: {a: 0.7, b: 0.6}}}", "add up to 1"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_the_file_and_the_place(tmp_path: Path, text: str, said: str) -> None:
    file = written(tmp_path, text)
    with pytest.raises(PolicyFault, match=said) as told:
        load_policies(file)
    assert str(file) in told.value.message
    with pytest.raises(PolicyFault, match="cannot be read"):
        load_policies(tmp_path / "absent.yaml")


def test_an_experiment_gives_every_viewer_the_same_arm_and_each_arm_its_share(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "default: a\npolicies: {a: {weights: {fit: 1}}, b: {weights: {fresh: 1}}}\n"
        "experiments: {bolder: {arms: {b: 0.25}}}",
    )
    policies = load_policies(file)
    chosen = [policies.choose(f"viewer {number}") for number in range(2000)]
    assert [one.variant for one in chosen] == [policies.choose(f"viewer {number}").variant for number in range(2000)]
    shares = Counter(one.variant for one in chosen)
    assert set(shares) == {"bolder:b", "bolder:control"}
    assert 420 < shares["bolder:b"] < 580


def test_newness_counts_less_the_more_is_known_of_the_viewer(tmp_path: Path) -> None:
    file = written(
        tmp_path, "default: a\npolicies: {a: {weights: {meaning: 1, fresh: 0.4}, newness_when_known: 0.25}}\n"
    )
    policy = load_policies(file).policies["a"]
    assert policy.weights_for(0) == {"meaning": 1, "fresh": 0.4}
    assert policy.weights_for(5) == {"meaning": 1, "fresh": pytest.approx(0.25)}
    assert policy.weights_for(10_000)["fresh"] == pytest.approx(0.1, abs=0.001)
