"""Both adapters answer several questions at once."""

from __future__ import annotations

import pytest

from services.library.errors import IndexMismatch
from services.library.index.asks import Drawn, Near, Toward
from services.library.index.port import Filter
from services.library.index.sparse import encode_query
from tests.services.library.index.zoo import MOMENTS, VIDEOS, axis, ids, near, uid


def test_discovery_puts_the_right_side_of_a_pair_before_what_is_nearer_to_the_target(zoo):
    all_, away, kept = zoo.ask(
        VIDEOS,
        [
            Toward("text", axis(0)),
            Toward("text", axis(0), [(axis(1), near(0, 1, 0.1))]),
            Toward("text", axis(0), [(axis(1), axis(0))], where=Filter(equals={"tags": ["dog"]})),
        ],
    )
    assert ids(all_) == [uid(0), uid(1), uid(2)]
    assert ids(away)[0] == uid(2)
    assert away[0].score > 1 > away[1].score
    assert ids(kept) == [uid(1)]
    assert zoo.ask(MOMENTS, [Toward("text", axis(0))]) == [[]]
    with pytest.raises(IndexMismatch, match="dense"):
        zoo.ask(VIDEOS, [Toward("lexical", axis(0))])


def test_a_sample_is_drawn_from_what_passes_the_filter(zoo):
    assert sorted(ids(zoo.ask(VIDEOS, [Drawn()])[0])) == [uid(0), uid(1), uid(2)]
    home = Filter(equals={"tags": ["home"]})
    drawn = zoo.ask(VIDEOS, [Drawn(home, limit=1)] * 60)
    assert {one for found in drawn for one in ids(found)} == {uid(0), uid(1)}
    assert all(len(found) == 1 for found in drawn)
    assert zoo.ask(MOMENTS, [Drawn()]) == [[]]


def test_questions_of_all_kinds_are_answered_together_as_they_are_one_by_one(zoo):
    home = Filter(equals={"tags": ["home"]})
    asks = [
        Near("text", near(1, 0, 0.2), limit=2),
        Near("text", axis(0)[:0]),
        Toward("text", axis(0), where=Filter(within=zoo.prepare(VIDEOS, home))),
        Near("visual", axis(2, 8), where=home),
        Near("lexical", encode_query("nothing at all says this")),
        Drawn(home),
    ]
    for fields in (("tags",), ()):
        together = zoo.ask(VIDEOS, asks, fields=fields)
        alone = [zoo.ask(VIDEOS, [one], fields=fields)[0] for one in asks]
        assert together[:5] == alone[:5]
        assert set(ids(together[5])) == {uid(0), uid(1)}
        assert together[0] == zoo.query(VIDEOS, using="text", vector=near(1, 0, 0.2), limit=2, fields=fields)
        assert together[1] == []
    assert zoo.ask(VIDEOS, []) == []


def test_one_question_that_does_not_fit_is_named_and_none_is_answered(zoo):
    with pytest.raises(IndexMismatch, match="'smell'"):
        zoo.ask(VIDEOS, [Near("text", axis(0)), Near("smell", axis(0))])
