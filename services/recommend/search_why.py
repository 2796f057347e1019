"""Why a search found a video or a moment: matched words, named labels, pictures, or nearness of meaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from services.library.taxonomy import Taxonomy
from services.library.understanding import Bilingual, Evidence, EvidenceKind, Understanding
from services.recommend.alike import NEAR_QUERY_IN_MEANING
from services.recommend.indexed import IndexedVideo, LabelKey, label_names
from services.recommend.query_labels import tag_candidates
from services.recommend.reasons import Reason, find_label, shorten
from services.recommend.scores import SourceScore
from services.recommend.words import query_words, words_in

_MAX_CITED = 5
_KINDS_ZH = {"moods": "情绪", "occasions": "场合", "topics": "主题", "tags": "标签"}
_KINDS_EN = {"moods": "mood", "occasions": "occasion", "topics": "topic", "tags": "tag"}


def explain_video(
    query: str,
    named: Sequence[LabelKey],
    video: IndexedVideo,
    understanding: Understanding | None,
    scores: Mapping[str, SourceScore],
    taxonomy: Taxonomy,
    near_looks: float,
) -> tuple[Reason, ...]:
    """The reasons for a video, the largest contribution first; every label they name is one of the video's.

    `near_looks` is the cosine from which the query and a frame are near.
    """
    evidence = understanding.evidence if understanding else ()
    reasons = [*explain_lines(query, evidence, scores, near_looks)]
    if "labels" in scores:
        tags = set(tag_candidates(query))
        for label in video.labels:
            if label in named or (label.field == "tags" and label.value in tags):
                reasons.append(_names_label(label, understanding, scores["labels"].contribution, taxonomy))
    return tuple(sorted(reasons, key=lambda reason: -reason.contribution))


def explain_lines(
    query: str, evidence: Sequence[Evidence], scores: Mapping[str, SourceScore], near_looks: float
) -> list[Reason]:
    """What lines of evidence say for a hit: the words of the query in them, the frames, or only nearness."""
    reasons = []
    words = query_words(query)
    matched = [(line, words_in(line.text, words)) for line in evidence]
    said = [(line, found) for line, found in matched if found and line.kind is not EvidenceKind.FRAME]
    shown = [(line, found) for line, found in matched if found and line.kind is EvidenceKind.FRAME]
    lexical = scores["lexical"].contribution if "lexical" in scores else 0.0
    meaning = scores["text"].contribution if "text" in scores else 0.0
    if said:
        hits = _listed(said)
        quote = shorten(said[0][0].text)
        reasons.append(
            Reason(
                "lexical" if "lexical" in scores else "text",
                _where(said[0][0].kind, hits, quote),
                lexical or meaning,
                evidence=_ids(said),
            )
        )
    elif "text" in scores:
        near = scores["text"].raw >= NEAR_QUERY_IN_MEANING
        text = (
            Bilingual(en="Close to the query in meaning.", zh="意思与搜索内容相近。")
            if near
            else Bilingual(en="Nothing closer in meaning was found.", zh="没有找到意思更接近的。")
        )
        reasons.append(Reason("text", text, meaning))
    if "visual" in scores:
        pictures = [line for line in evidence if line.kind is EvidenceKind.FRAME and not line.is_manner]
        frames = shown or [(line, ()) for line in pictures[:2]]
        looks = (
            Bilingual(en=f"Shows {_listed(shown)}.", zh=f"画面中有 {_listed(shown)}。")
            if shown
            else Bilingual(en="Its pictures come near the query.", zh="画面与搜索内容相近。")
        )
        if shown or scores["visual"].raw >= near_looks:
            reasons.append(Reason("visual", looks, scores["visual"].contribution, evidence=_ids(frames)))
    return sorted(reasons, key=lambda reason: -reason.contribution)


_WHERE = {
    EvidenceKind.SPEECH: ("Somebody says", "有人说到"),
    EvidenceKind.SCREEN: ("On screen it says", "画面上写着"),
    EvidenceKind.CAPTION: ("The captions say", "字幕里有"),
    EvidenceKind.METADATA: ("The uploader wrote", "上传者写了"),
}


def _where(kind: EvidenceKind, hits: str, quote: str) -> Bilingual:
    """Who says the words that were looked for."""
    en, zh = _WHERE.get(kind, ("It has", "其中有"))
    return Bilingual(en=f"{en} {hits}: “{quote}”.", zh=f"{zh} {hits}：“{quote}”。")


def _names_label(key: LabelKey, understanding: Understanding | None, contribution: float, taxonomy: Taxonomy) -> Reason:
    label = find_label(key, understanding)
    en, zh = (label.label, label.label_zh) if label else label_names(key, taxonomy)
    return Reason(
        "labels",
        Bilingual(en=f"Its {_KINDS_EN[key.field]} is {en}.", zh=f"{_KINDS_ZH[key.field]}：{zh}。"),
        contribution,
        evidence=label.evidence if label else (),
        labels=(key,),
    )


def _listed(matched: Sequence[tuple[Evidence, tuple[str, ...]]]) -> str:
    return ", ".join(f"“{word}”" for word in dict.fromkeys(word for _, found in matched for word in found))


def _ids(matched: Sequence[tuple[Evidence, tuple[str, ...]]]) -> tuple[str, ...]:
    most = sorted(matched, key=lambda pair: -len(pair[1]))
    return tuple(line.id for line, _ in most[:_MAX_CITED])
