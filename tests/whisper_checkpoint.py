"""OpenAI's form of the Whisper weights that the lite profile has in CTranslate2's: the same numbers, other names."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

_TYPES = {0: "<f4", 1: "i1", 2: "<i2", 3: "<i4", 4: "<f2"}
_NAMES = [
    (r"^encoder/(conv\d)/(weight|bias)$", r"encoder.\1.\2"),
    (r"^(en|de)coder/position_encodings/encodings$", r"\1coder.positional_embedding"),
    (r"^decoder/embeddings/weight$", "decoder.token_embedding.weight"),
    (r"^encoder/layer_norm/(gamma|beta)$", r"encoder.ln_post.\1"),
    (r"^decoder/layer_norm/(gamma|beta)$", r"decoder.ln.\1"),
    (r"^(en|de)coder/layer_(\d+)/ffn/layer_norm/(gamma|beta)$", r"\1coder.blocks.\2.mlp_ln.\3"),
    (r"^(en|de)coder/layer_(\d+)/ffn/linear_0/(weight|bias)$", r"\1coder.blocks.\2.mlp.0.\3"),
    (r"^(en|de)coder/layer_(\d+)/ffn/linear_1/(weight|bias)$", r"\1coder.blocks.\2.mlp.2.\3"),
    (r"^(en|de)coder/layer_(\d+)/self_attention/layer_norm/(gamma|beta)$", r"\1coder.blocks.\2.attn_ln.\3"),
    (r"^(en|de)coder/layer_(\d+)/attention/layer_norm/(gamma|beta)$", r"\1coder.blocks.\2.cross_attn_ln.\3"),
]
# What a fused layer holds: self-attention keeps query, key and value in one; cross-attention keeps the query apart.
_FUSED = [
    (r"^(en|de)coder/layer_(\d+)/self_attention/linear_0/(weight|bias)$", "attn", ("query", "key", "value")),
    (r"^(en|de)coder/layer_(\d+)/self_attention/linear_1/(weight|bias)$", "attn", ("out",)),
    (r"^(en|de)coder/layer_(\d+)/attention/linear_0/(weight|bias)$", "cross_attn", ("query",)),
    (r"^(en|de)coder/layer_(\d+)/attention/linear_1/(weight|bias)$", "cross_attn", ("key", "value")),
    (r"^(en|de)coder/layer_(\d+)/attention/linear_2/(weight|bias)$", "cross_attn", ("out",)),
]


def openai_checkpoint(folder: Path, target: Path) -> Path:
    """Write the checkpoint of an unquantised CTranslate2 Whisper folder."""
    state = {name: torch.from_numpy(values.copy()) for name, values in _renamed(folder / "model.bin")}
    tokens, width = state["decoder.token_embedding.weight"].shape
    layers = {
        part: len({name.split(".")[2] for name in state if name.startswith(f"{part}.blocks.")})
        for part in ("encoder", "decoder")
    }
    dims = {
        "n_mels": state["encoder.conv1.weight"].shape[1], "n_vocab": tokens,
        "n_audio_ctx": len(state["encoder.positional_embedding"]),
        "n_text_ctx": len(state["decoder.positional_embedding"]),
        "n_audio_state": width, "n_text_state": width, "n_audio_head": width // 64, "n_text_head": width // 64,
        "n_audio_layer": layers["encoder"], "n_text_layer": layers["decoder"],
    }  # fmt: skip
    torch.save({"dims": dims, "model_state_dict": state}, target)
    return target


def _renamed(file: Path) -> Iterator[tuple[str, np.ndarray]]:
    for name, values in _variables(file):
        for pattern, new in _NAMES:
            if re.match(pattern, name):
                yield re.sub(pattern, new, name).replace(".gamma", ".weight").replace(".beta", ".bias"), values
        for pattern, attention, parts in _FUSED:
            if found := re.match(pattern, name):
                side, layer, kind = found.groups()
                for part, share in zip(parts, np.split(values, len(parts)), strict=True):
                    if (part, kind) != ("key", "bias"):  # Whisper's keys have none; the fused layer holds zeros
                        yield f"{side}coder.blocks.{layer}.{attention}.{part}.{kind}", share


def _variables(file: Path) -> Iterator[tuple[str, np.ndarray]]:
    """The arrays of a `model.bin` (format 6), by name."""
    with file.open("rb") as stream:

        def number(form: str) -> int:
            return int(struct.unpack(form, stream.read(struct.calcsize(form)))[0])

        def text() -> str:
            return stream.read(number("<H")).rstrip(b"\0").decode()

        assert number("<I") == 6, "another format of model.bin"
        text(), number("<I")  # the kind of model and its revision
        for _ in range(number("<I")):
            name = text()
            shape = [number("<I") for _ in range(number("<B"))]
            kind = _TYPES[number("<B")]
            yield name, np.frombuffer(stream.read(number("<I")), kind).reshape(shape)
