"""The OCR engines there are. Imports are inside: a role that is not used costs nothing."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field

from models.engine_spec import BuildInputs, EngineLane, EngineOptions, EngineSpec, KnownWeights, Tested, takes


class RapidOcrOptions(EngineOptions):
    """`long_side` caps the detector's input, pixels; lines below `min_confidence` are left out.

    `release` and `size` say which of PaddleOCR's models the weights folder holds. `device` "cuda" needs the package
    onnxruntime-gpu in place of onnxruntime; "auto" takes a GPU where that package sees one, the `gpu`th of them.
    """

    neutral: ClassVar[frozenset[str]] = frozenset({"device", "gpu"})

    min_confidence: float = Field(default=0.8, ge=0.0, le=1.0)
    long_side: int = Field(default=736, ge=64)
    release: Literal["PP-OCRv4", "PP-OCRv5", "PP-OCRv6"] = "PP-OCRv6"
    size: Literal["tiny", "mobile", "small", "medium", "server"] = "small"
    device: Literal["auto", "cpu", "cuda"] = "auto"
    gpu: int = Field(default=0, ge=0)


def _rapidocr(inputs: BuildInputs[RapidOcrOptions]) -> Any:
    from models.ocr.rapidocr import RapidOcr

    return RapidOcr(inputs.weights(), inputs.identity, inputs.options, threads=inputs.threads)


OCR_ENGINES: dict[str, EngineSpec[Any]] = {
    "rapidocr": EngineSpec(
        version=1,
        options=RapidOcrOptions,
        build=_rapidocr,
        lanes=frozenset({EngineLane.PREPARE}),
        memory=takes(cpu=2.0, gpu=2.0, working_gib=0.5),
        tested=Tested.REAL,
        modules=("rapidocr", "onnxruntime"),
        install="rapidocr onnxruntime",
        weights=(
            KnownWeights("pp-ocrv6-small", "Apache-2.0", 31_749_509),
            KnownWeights("pp-ocrv5-server", "Apache-2.0", hub="RapidAI/RapidOCR (ModelScope), onnx/PP-OCRv5"),
            KnownWeights("pp-ocrv6-medium", "Apache-2.0", hub="RapidAI/RapidOCR (ModelScope), onnx/PP-OCRv6"),
        ),
    ),
}
