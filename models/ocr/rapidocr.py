"""Text on screen by RapidOCR: PP-OCR's detection and recognition in ONNX Runtime, on the CPU or a GPU.

The small models ship inside its wheel; a folder with others (medium, server) is read the same way.
"""

from __future__ import annotations

import logging
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import EngineUnavailable, ModelError
from models.identity import ModelIdentity
from models.ocr.base import TextBox
from models.ocr.engines import RapidOcrOptions

_LEAST_SIDE = 32
"""Least side of what the detector sees, pixels: its network works in steps of 32."""


class RapidOcr:
    """Reads Chinese and English. A smaller `long_side` is faster, and misses more."""

    def __init__(self, folder: Path, identity: ModelIdentity, options: RapidOcrOptions, *, threads: int = 2) -> None:
        try:
            from rapidocr import ModelType, OCRVersion, RapidOCR
        except ImportError as error:
            raise EngineUnavailable("rapidocr is not installed; run: pip install rapidocr onnxruntime") from error
        release, size = OCRVersion(options.release), ModelType(options.size)
        self._engine = RapidOCR(
            params={
                "Global.log_level": "error",
                "Global.text_score": options.min_confidence,
                "Global.use_cls": False,
                # With a path nothing is looked up or downloaded.
                "Det.model_path": str(_network(folder, "det", options)),
                "Det.ocr_version": release,
                "Det.model_type": size,
                "Det.limit_type": "max",
                "Det.limit_side_len": options.long_side,
                "Rec.model_path": str(_network(folder, "rec", options)),
                "Rec.ocr_version": release,
                "Rec.model_type": size,
                "EngineConfig.onnxruntime.intra_op_num_threads": threads,
                "EngineConfig.onnxruntime.use_cuda": _on_gpu(options),
                "EngineConfig.onnxruntime.cuda_ep_cfg.device_id": options.gpu,
            }
        )
        # The library logs every empty frame as a warning; a frame without text is ordinary here.
        logging.getLogger("RapidOCR").setLevel(logging.ERROR)
        self._long_side = options.long_side
        self._identity = identity

    @property
    def identity(self) -> ModelIdentity:
        """Which weights, and what changes their output."""
        return self._identity

    def read(self, frame: NDArray[np.uint8]) -> tuple[TextBox, ...]:
        """Lines of text in reading order (top to bottom, then left to right)."""
        height, width = frame.shape[:2]
        # The detector scales the long side to `long_side`; a sliver's short side would come out as nothing.
        least = math.ceil(_LEAST_SIDE * max(height, width) / self._long_side)
        rows, columns = max(0, least - height), max(0, least - width)
        padded = np.pad(frame[:, :, ::-1], ((0, rows), (0, columns), (0, 0)), mode="edge")
        result: Any = self._engine(np.ascontiguousarray(padded))
        if result.txts is None or result.boxes is None or result.scores is None:
            return ()
        lines = [
            TextBox(text.strip(), float(score), _bounds(box, width, height))
            for text, score, box in zip(result.txts, result.scores, result.boxes, strict=True)
            if text.strip()
        ]
        return tuple(sorted(lines, key=lambda line: (round(line.box[1], 2), line.box[0])))


def _network(folder: Path, task: str, options: RapidOcrOptions) -> Path:
    """The detector ("det") or the recogniser ("rec") of the release and size that the options name."""
    wanted = f"*{options.release}_{task}_{options.size}.onnx"
    found = sorted(folder.rglob(wanted))
    if not found:
        there = ", ".join(path.name for path in sorted(folder.rglob("*.onnx"))) or "no .onnx file"
        raise ModelError(f"{folder} has no {wanted}; there is {there}. Set the options release and size accordingly")
    return found[0]


def _on_gpu(options: RapidOcrOptions) -> bool:
    """Whether ONNX Runtime uses a GPU. Raises `EngineUnavailable` where one is asked for and can't be had."""
    import onnxruntime

    there = "CUDAExecutionProvider" in onnxruntime.get_available_providers() and onnxruntime.get_device() == "GPU"
    if options.device == "cuda" and not there:
        raise EngineUnavailable(
            "onnxruntime sees no GPU; set the option device to auto or cpu, or run: "
            "pip uninstall onnxruntime; pip install onnxruntime-gpu"
        )
    return there and options.device != "cpu"


def _bounds(corners: NDArray[np.float32], width: int, height: int) -> tuple[float, float, float, float]:
    """Four (x, y) corners in pixels as left, top, right, bottom shares of the frame."""
    xs = np.clip(corners[:, 0] / width, 0.0, 1.0)
    ys = np.clip(corners[:, 1] / height, 0.0, 1.0)
    return float(xs.min()), float(ys.min()), float(xs.max()), float(ys.max())
