"""What the families of image and text towers were trained with, by the `model_type` of their configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.errors import ModelError
from models.vision.label_names import LabelName

_MULTILINGUAL_VOCABULARY = 100_000
"""Tokens from which a SigLIP's vocabulary is a multilingual one: SigLIP has 32,000, SigLIP 2 (Gemma's) 256,000."""


@dataclass(frozen=True, slots=True)
class Family:
    """`prompt` is put around a name in `prompt_language`; `max_tokens` is the text length (None: the configuration's).

    `full_length`: texts are always padded to it, without an attention mask, because that is how the model was trained.
    `lower_case` and `sigmoid`: the same reason.
    """

    prompt: str
    prompt_language: str
    full_length: bool = False
    lower_case: bool = False
    sigmoid: bool = False
    max_tokens: int | None = None

    def phrase(self, name: LabelName) -> str:
        """The name as a caption would have it."""
        return self.prompt.format(name.zh if self.prompt_language == "zh" else name.en)


_SIGLIP = Family("This is a photo of {}.", "en", full_length=True, lower_case=True, sigmoid=True)

FAMILIES: dict[str, Family] = {
    "siglip": _SIGLIP,  # SigLIP, and SigLIP 2 of fixed size
    "siglip2": _SIGLIP,  # SigLIP 2 NaFlex: the picture's own shape
    "clip": Family("a photo of a {}.", "en"),
    "chinese_clip": Family("一张{}的照片。", "zh", max_tokens=52),
}


def family_of(config: Any, folder: object) -> Family:
    """The family of a transformers configuration. Raises `ModelError` naming the ones there are."""
    try:
        return FAMILIES[config.model_type]
    except KeyError:
        known = ", ".join(FAMILIES)
        raise ModelError(
            f"{folder} holds a model of type {config.model_type!r}, which is none that embeds pictures and texts "
            f"alike; known are {known}"
        ) from None


def languages_of(config: Any) -> tuple[str, ...]:
    """Languages, of Chinese and English, in which texts reach the pictures."""
    if config.model_type == "chinese_clip":
        return ("zh",)
    if config.model_type in ("siglip", "siglip2") and config.text_config.vocab_size >= _MULTILINGUAL_VOCABULARY:
        return ("en", "zh")
    return ("en",)
