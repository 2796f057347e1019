"""Describe: a language model writes summary, reason to watch and tags from numbered evidence, and frames if it sees.

What it writes is not believed yet: the annotate stage checks every word of it. Where the profile says that a model of
its size cannot add anything to so few words, it is not asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.errors import EndpointMisconfigured, ModelError, ModelUnavailable
from models.profile import Profile, Role
from services.library.digest import content_digest
from services.library.record.types import Lane
from services.library.understanding import Evidence, EvidenceKind
from services.settings import Settings
from workers.media.types import KeptFrame
from workers.stages.base import Source, Stage, StageContext, StageOutput
from workers.stages.evidence import EVIDENCE, EvidenceOutput
from workers.stages.grounding import content_words
from workers.stages.media import MEDIA, MediaOutput
from workers.stages.prompts.load import LANGUAGES, PromptAnswer, PromptTag, answer_schema, load_prompt

_MAX_TOKENS = 320
_LINE_CHARS = 200
_BUDGET = {
    EvidenceKind.METADATA: 3,
    EvidenceKind.SPEECH: 8,
    EvidenceKind.SCREEN: 6,
    EvidenceKind.CAPTION: 8,
    EvidenceKind.FRAME: 6,
    EvidenceKind.SOUND: 1,
}
"""Most lines of each kind that go into the prompt; the time a small model takes grows with every line."""


_PEOPLE_S_WORDS = frozenset({EvidenceKind.METADATA, EvidenceKind.SPEECH, EvidenceKind.SCREEN, EvidenceKind.CAPTION})


class DescribeOutput(StageOutput):
    """What the model wrote, in `language`; None where there was nothing to say or it could not answer."""

    language: str
    answer: PromptAnswer | None = None
    prompt_version: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    problems: tuple[str, ...] = ()


def _inputs(_: Source, __: Settings, profile: Profile) -> Mapping[str, Any]:
    asking = profile.asking
    prompts = [content_digest(load_prompt(asking.prompts, language)) for language in LANGUAGES]
    return {"prompts": prompts, "budget": _BUDGET, "min_words": asking.min_words, "images": asking.images}


def _run(context: StageContext) -> DescribeOutput:
    found = context.output(EVIDENCE.name, EvidenceOutput)
    asking = context.runtime.profile.asking
    language = "zh" if found.language == "zh" else "en"
    prompt = load_prompt(asking.prompts, language)
    shown, left_out = choose_lines(found.lines, prompt.shows)
    media = context.output(MEDIA.name, MediaOutput)
    frames = choose_frames(media.prepared.frames, asking.images)
    says_little = words_in(shown) < asking.min_words or all(line.is_manner for line in shown)
    # What cannot be cited cannot be kept, so without a line there is nothing to ask for, whatever the frames show.
    if not shown or (says_little and not frames):
        return DescribeOutput(language=language, prompt_version=prompt.version)
    problems = [f"the language model saw {len(shown)} of {len(shown) + left_out} lines of evidence"] if left_out else []
    user = "\n".join(f"{line.id} {prompt_text(line, language)}" for line in shown)
    if frames and prompt.pictures:
        seconds = [round(frame.at, 1) for frame in frames]
        times = ", ".join(f"{int(at // 60)}:{at % 60:04.1f}" for at in seconds)
        user += "\n" + prompt.pictures.format(count=len(frames), times=times)
    images = [media.frame(context.blobs, frame) for frame in frames]
    with context.runtime.calling(Role.LANGUAGE):
        try:
            completion = context.runtime.language.complete(
                system=prompt.system,
                user=user,
                schema=answer_schema(language, [line.id for line in shown], why=prompt.asks_why),
                max_tokens=_MAX_TOKENS,
                examples=prompt.turns(),
                images=images,
            )
        except (ModelUnavailable, EndpointMisconfigured):
            raise  # not this video's fault: composing sentences now would leave it without what it gets later
        except ModelError as error:
            # The evidence still stands: the video gets sentences composed from it, and says so.
            problems.append(f"the language model gave no usable answer: {error}")
            return DescribeOutput(language=language, prompt_version=prompt.version, problems=tuple(problems))
    value = completion.value
    problems += completion.notes
    answer = PromptAnswer(
        summary=value["summary"],
        why=value.get("why"),
        tags=tuple(PromptTag(tag=item["tag"].strip(), evidence=item["evidence"]) for item in value["tags"]),
    )
    return DescribeOutput(
        language=language,
        answer=answer,
        prompt_version=prompt.version,
        prompt_tokens=completion.prompt_tokens,
        completion_tokens=completion.completion_tokens,
        problems=tuple(problems),
    )


def words_in(lines: Sequence[Evidence]) -> int:
    """How many words people said or wrote, those aside that claim nothing; Chinese counts pairs of characters."""
    return sum(len(content_words(line.text)) for line in lines if line.kind in _PEOPLE_S_WORDS)


def choose_lines(evidence: Sequence[Evidence], kinds: Sequence[EvidenceKind]) -> tuple[list[Evidence], int]:
    """The lines of these kinds that fit the budget, evenly over time within a kind, and how many of them did not."""
    chosen: list[Evidence] = []
    for kind in kinds:
        most = _BUDGET[kind]
        lines = [line for line in evidence if line.kind is kind]
        if kind is EvidenceKind.FRAME or len(lines) <= most:
            chosen += lines[:most]
        else:
            chosen += [lines[int((i + 0.5) * len(lines) / most)] for i in range(most)]
    return chosen, sum(line.kind in kinds for line in evidence) - len(chosen)


def choose_frames(kept: Sequence[KeptFrame], most: int) -> list[KeptFrame]:
    """At most so many of the kept frames, evenly over them, in order."""
    if len(kept) <= most:
        return list(kept)
    return [kept[int((i + 0.5) * len(kept) / most)] for i in range(most)]


def prompt_text(line: Evidence, language: str) -> str:
    """A line as the prompt shows it: on one line, not too long, things seen in the answer's language only."""
    text = " ".join(line.text.split())
    if line.kind is EvidenceKind.FRAME:
        english, _, chinese = text.rpartition(" (")
        guess = text.startswith("perhaps ")
        text = ("可能是" if guess else "") + chinese.rstrip(")") if language == "zh" else english
    return text if len(text) <= _LINE_CHARS else text[: _LINE_CHARS - 1] + "…"


DESCRIBE = Stage(
    "describe",
    Lane.DESCRIBE,
    3,
    DescribeOutput,
    _run,
    needs=(EVIDENCE.name, MEDIA.name),
    role=Role.LANGUAGE,
    inputs=_inputs,
)
