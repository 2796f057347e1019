from __future__ import annotations

import pytest

from services.library.taxonomy import load_taxonomy
from services.recommend.wishes import WishNotUnderstood, understand_wish


class NoEngine:
    """An engine that must not be asked."""

    def embed_passages(self, texts):
        raise AssertionError("a name was there to go by")

    embed_queries = embed_passages


def said(text, engine) -> dict[str, bool]:
    return {one.label.value: one.wanted for one in understand_wish(text, load_taxonomy(), engine)}


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("我想看足球", {"football": True}),
        ("不想看美食，多来点宠物", {"food": False, "pets": True}),
        ("more dogs, but no football", {"dogs": True, "football": False}),
        ("治愈一点的猫咪", {"healing": True, "cats": True}),
        ("睡前听的", {"bedtime": True}),
        ("体育，篮球", {"sports": True, "basketball": True}),
    ],
)
def test_what_is_named_is_taken_at_its_word(text, labels) -> None:
    assert said(text, NoEngine()) == labels


def test_words_that_name_nothing_are_understood_by_meaning(models) -> None:
    sporty = said("我最近喜欢运动类视频", models.text)
    assert sporty["sports"] is True
    assert said("想看钓鱼视频，不要咖啡拉花", models.text) == {"fishing": True, "tea-coffee-drinks": False}
    assert said("我最近喜欢运动类视频", models.text) == sporty


@pytest.mark.parametrize("text", ["", "。，！", "我想看视频", "12 34", "\x1b[2J"])
def test_a_wish_for_nothing_says_what_there_is(text) -> None:
    with pytest.raises(WishNotUnderstood) as caught:
        understand_wish(text, load_taxonomy(), NoEngine())
    assert "宠物" in caught.value.remedy
