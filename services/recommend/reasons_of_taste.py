"""Reasons that rest on the viewer: what they asked for, took to, follow, and have not tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from services.library.understanding import Understanding
from services.recommend import claims as c
from services.recommend.alike import ALIKE_IN_LOOKS, ALIKE_IN_MEANING, NEAR_QUERY_IN_MEANING
from services.recommend.behind import MOST_NAMED
from services.recommend.facts import ABOUT, LATER, Facts, Held, about, frames, plain
from services.recommend.indexed import IndexedVideo
from services.recommend.reasons import Reason, shorten


class TasteReasons:
    """Every reason that there is on these grounds, each with what its source added; wording comes later."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._found, self._request, self._taste, self._behind = facts.found, facts.request, facts.taste, facts.behind
        self._texts = facts.request.catalogue.texts(
            [one for interest in facts.taste.interests for one in interest.videos[:3]]
        )

    def wish(self, video: IndexedVideo, document: Understanding | None, share: float) -> Iterator[Reason]:
        """What was asked for in words, where the video has it or is near it."""
        wish = self._request.wish
        assert wish is not None
        label = self._facts.label(video, document, lambda key: key in wish.labels)
        words = shorten(wish.words, 40)
        if label is not None:
            yield about(c.AskedFor(label[0], words, None), "wish", share, label)
            return
        text = self._request.catalogue.texts([video.video_id]).get(video.video_id)
        if text is not None and float(text @ wish.vector) >= NEAR_QUERY_IN_MEANING:
            yield plain(c.NearWish(words), "wish", share)

    def interest(
        self, video: IndexedVideo, document: Understanding | None, carrying: Mapping[str, float]
    ) -> Iterator[Reason]:
        """A follow, an edit, a run of videos with the same labels, one video that this one is near to."""
        labels = carrying.get("labels", 0.0)
        if video.creator and (followed := self._taste.followed.get(video.creator)) and labels:
            yield Reason("labels", LATER, labels, events=(followed.id,), claim=c.Follows(video.creator))
        asked = self._facts.label(video, document, lambda key: self._taste.wished(key) is not None)
        if asked is not None and labels:
            edit = self._taste.wished(asked[0].key)
            assert edit is not None
            words = shorten(edit.text, 40) if edit.text else None
            yield about(c.AskedFor(asked[0], words, edit.id), "labels", labels, asked)
        held = [named for key in video.labels if (named := self._facts.named(key, video, document)) is not None]
        series = self._behind.series([named.key for named, _ in held], besides=video.video_id)
        if series is not None:
            shared = [next(pair for pair in held if pair[0].key == key) for key in series.labels]
            besides = self._facts.label(video, document, lambda key: key.field == "tags" and key not in series.labels)
            about_it = besides[0] if besides is not None else None
            verb = self._behind.verb(series.videos)
            claim = c.Series(
                tuple(one for one, _ in shared), len(series.videos), verb, series.recently, series.now, about_it
            )
            source, share = max(
                ((name, carrying[name]) for name in ("labels", "meaning") if name in carrying), key=lambda one: one[1]
            )
            evidence = tuple(
                dict.fromkeys(line for _, lines in (*shared, *([besides] if besides else [])) for line in lines)
            )
            yield self._facts.resting(claim, source, share, series.videos[:MOST_NAMED], evidence, tuple(series.labels))
        yield from self._alike(video, document, held, carrying)

    def looks(self, video: IndexedVideo, document: Understanding | None, share: float) -> Iterator[Reason]:
        """The video behind an interest that this one looks like."""
        if video.video_id not in self._found.looks:
            return
        anchor, cosine = self._found.looks[video.video_id]
        if cosine >= ALIKE_IN_LOOKS and anchor in self._taste.taken:
            claim = c.Alike(anchor, self._facts.title(anchor), self._behind.verb([anchor]), looks=True)
            yield self._facts.resting(claim, "looks", share, [anchor], frames(document))

    def shared(self, anchor: str, share: float) -> Reason:
        """The viewer's video that somebody else took to as well."""
        claim = c.SharedTaste(anchor, self._facts.title(anchor), self._behind.verb([anchor]))
        return self._facts.resting(claim, "collaborative", share, [anchor])

    def next_up(self, anchor: str, share: float) -> Reason:
        """The viewer's video after which somebody else went on to this one."""
        claim = c.WentOn(anchor, self._facts.title(anchor), self._behind.verb([anchor]))
        return self._facts.resting(claim, "sequence", share, [anchor])

    def adventure(self, video: IndexedVideo, document: Understanding | None, share: float) -> Iterator[Reason]:
        """A topic that the viewer has not watched."""
        topic = self._facts.label(
            video, document, lambda key: key.field == "topics" and key.value not in self._taste.topics
        )
        if topic is not None:
            yield about(c.Adventure(topic[0]), "adventurous", share, topic)

    def _alike(
        self,
        video: IndexedVideo,
        document: Understanding | None,
        held: Sequence[Held],
        carrying: Mapping[str, float],
    ) -> Iterator[Reason]:
        text = self._request.catalogue.texts([video.video_id]).get(video.video_id)
        near = sorted(
            ((float(text @ vector), one) for one, vector in self._texts.items() if one in self._taste.taken),
            reverse=True,
        ) if text is not None else []  # fmt: skip
        if near and near[0][0] >= ALIKE_IN_MEANING and "meaning" in carrying:
            anchor = near[0][1]
            videos = [anchor, *self._of_its_kind(anchor, besides=video.video_id)]
            verb, more = self._behind.verb(videos), len(videos) - 1
            claim = c.Alike(anchor, self._facts.title(anchor), verb, more=more)
            yield self._facts.resting(claim, "meaning", carrying["meaning"], videos)
            return
        about = [pair for pair in held if pair[0].key.field in ABOUT and self._taste.support.get(pair[0].key)]
        if not about:
            return
        named, evidence = max(about, key=lambda pair: self._request.rarity.of(pair[0].key))
        behind = [one for one in self._taste.support[named.key] if one in self._taste.taken and one != video.video_id]
        behind = [one for one in behind if self._facts.holds(one, named.key)]
        if not behind:
            return
        order = {one: at for at, (_, one) in enumerate(near)}
        anchor = min(behind, key=lambda one: (order.get(one, len(order)), one))
        claim = c.Alike(anchor, self._facts.title(anchor), self._behind.verb([anchor]), label=named)
        source = "labels" if "labels" in carrying else "meaning"
        yield self._facts.resting(claim, source, carrying[source], [anchor], evidence, (named.key,))

    def _of_its_kind(self, anchor: str, *, besides: str) -> list[str]:
        """The other videos of the interest that a video belongs to, strongest first."""
        interest = next((one for one in self._taste.interests if anchor in one.videos), None)
        others = interest.videos if interest is not None else ()
        kind = [one for one in others if one in self._taste.taken and one not in (anchor, besides)]
        return kind[: MOST_NAMED - 1]
