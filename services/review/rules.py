"""Suppressing and renaming a label on every video at once; and catching up after a stop half-way."""

from __future__ import annotations

from collections.abc import Sequence

from services.intake.errors import ServiceError
from services.library.library import Library
from services.library.overlay import LABEL_FIELDS, Field
from services.library.payload import publish_overlay
from services.library.record.rules import LabelRule
from services.library.taxonomy.edits import Merge
from services.library.taxonomy.published import parsed_edits

_FIELDS = {"topic": Field.TOPIC, "mood": Field.MOOD, "occasion": Field.OCCASION}


class InvalidRule(ServiceError):
    """The rule says nothing, or about something that rules cannot change."""

    code = "invalid_rule"
    status = 422


def suppress(library: Library, field: Field, key: str, account: str) -> tuple[LabelRule, int]:
    """Hide a label everywhere; (the rule, how many videos it touched). Raises `RuleExists`, `InvalidRule`."""
    return _add(library, field, key, "suppress", None, account)


def rename(library: Library, field: Field, key: str, to: tuple[str, str], account: str) -> tuple[LabelRule, int]:
    """Call a tag (English, Chinese) otherwise everywhere. Raises `RuleExists`, `InvalidRule`."""
    if field is not Field.TAG:
        raise InvalidRule(
            f"A {field.value} is named by the taxonomy.", remedy="POST /v1/review/taxonomy with `describe` or `merge`."
        )
    en, zh = (" ".join(word.split()) for word in to)
    if not en:
        raise InvalidRule("The new name is empty.", remedy="Give `en`, or suppress the label.")
    return _add(library, field, key, "rename", (en.casefold(), en, zh or en), account)


def end_rule(library: Library, rule_id: int, account: str) -> tuple[LabelRule, int]:
    """Undo a rule. Raises `UnknownRule`."""
    rule = library.record.end_rule(rule_id, account)
    return rule, _apply(library, rule.id, rule.field, [one for one in (rule.key, rule.to_key) if one])


def catch_up(library: Library) -> int:
    """What a stop half-way left undone: documents older than the overlay, rules and taxonomy versions not applied.

    How many documents were brought in step.
    """
    record = library.record
    waiting = list(record.without_queue_place(limit=1_000_000))
    record.bring_in_step(waiting)
    done = len(waiting)
    rules, taxonomy = record.unapplied()
    for rule_id, field, keys in rules:
        done += _apply(library, rule_id, field, keys)
    if taxonomy:
        done += apply_taxonomy(library)
    return done


def apply_taxonomy(library: Library) -> int:
    """Bring every document in step that carries a label which some version renamed or merged."""
    record = library.record
    pairs = {
        (_FIELDS[edit.kind], slug)
        for version in record.taxonomy_versions()
        for edit in parsed_edits(version.edits)
        for slug in (edit.slug, edit.into if isinstance(edit, Merge) else edit.slug)
    }
    touched = record.videos_with(sorted(pairs))
    record.bring_in_step(touched)
    for video_id in touched:
        publish_overlay(library, video_id)
    record.mark_applied(taxonomy=True)
    return len(touched)


def _add(
    library: Library, field: Field, key: str, action: str, to: tuple[str, str, str] | None, account: str
) -> tuple[LabelRule, int]:
    if field not in LABEL_FIELDS:
        raise InvalidRule(f"A {field.value} is decided video by video.", remedy="Use tag, topic, mood or occasion.")
    key = key.strip().casefold() if field is Field.TAG else key.strip()
    if not key:
        raise InvalidRule("The rule names no label.", remedy="Give `key`: the tag, or the slug.")
    rule = library.record.add_rule(field, key, action=action, to=to, account=account)
    return rule, _apply(library, rule.id, field, [one for one in (rule.key, rule.to_key) if one])


def _apply(library: Library, rule_id: int, field: Field, keys: Sequence[str]) -> int:
    touched = library.record.videos_with([(field, key) for key in keys])
    library.record.bring_in_step(touched)
    for video_id in touched:
        publish_overlay(library, video_id)
    library.record.mark_applied(rules=[rule_id])
    return len(touched)
