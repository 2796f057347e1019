import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest
from PIL import Image, ImageDraw, ImageFont

from models.errors import EngineUnavailable, ModelError, WeightsMissing
from models.ocr.engines import RapidOcrOptions
from models.ocr.rapidocr import RapidOcr
from models.profile import Role
from models.runtime import Runtime
from models.weights import path_of
from services.settings import Settings

pytestmark = pytest.mark.models


def drawn(*lines: tuple[str, int], width: int = 640, height: int = 360) -> np.ndarray:
    """White letters on dark grey; each line with the y of its baseline."""
    frame = np.full((height, width, 3), 30, np.uint8)
    for text, y in lines:
        cv2.putText(frame, text, (30, y), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (255, 255, 255), 3, cv2.LINE_AA)
    return frame


def test_a_line_is_read_with_its_place_in_the_frame(runtime: Runtime) -> None:
    (line,) = runtime.ocr.read(drawn(("SUMMER SALE 50", 200)))
    assert line.text == "SUMMER SALE 50"
    assert line.confidence > 0.9
    left, top, right, bottom = line.box
    assert (left, top) == pytest.approx((30 / 640, 165 / 360), abs=0.04)
    assert 0 <= left < right <= 1
    assert 0 <= top < bottom <= 1


def test_lines_come_from_top_to_bottom(runtime: Runtime) -> None:
    lines = runtime.ocr.read(drawn(("THIRD LINE", 320), ("FIRST LINE", 80), ("SECOND LINE", 200)))
    assert [line.text for line in lines] == ["FIRST LINE", "SECOND LINE", "THIRD LINE"]


def test_chinese_is_read(runtime: Runtime) -> None:
    try:
        font = path_of("demo-noto-sans-sc", Settings().models_dir) / "NotoSansSC-Regular.otf"
    except WeightsMissing:
        pytest.skip("no Chinese font: run python -m models.weights fetch demo-noto-sans-sc")
    image = Image.new("RGB", (640, 360), (30, 30, 30))
    ImageDraw.Draw(image).text((60, 140), "今晚一起看电影", font=ImageFont.truetype(str(font), 56), fill="white")
    assert [line.text for line in runtime.ocr.read(np.asarray(image))] == ["今晚一起看电影"]


@pytest.mark.parametrize("size", [(360, 640), (1, 1), (10, 4000), (4000, 10), (1, 4000)])
def test_a_blank_frame_of_any_size_has_no_text(size: tuple[int, int], runtime: Runtime) -> None:
    assert runtime.ocr.read(np.zeros((*size, 3), np.uint8)) == ()


def test_a_ticker_much_wider_than_high_is_read_where_it_stands(runtime: Runtime) -> None:
    # Padded to what the detector can take, and the box still counts in the frame's own height.
    (line,) = runtime.ocr.read(drawn(("BREAKING", 48), width=2400, height=64))
    assert line.text == "BREAKING"
    left, top, right, bottom = line.box
    assert 0 <= left < right < 0.2
    assert 0 <= top < 0.5 < bottom <= 1


def test_threads_read_each_its_own_frame(runtime: Runtime) -> None:
    texts = [f"NUMBER {digit * 3}" for digit in "1234"]
    with ThreadPoolExecutor(4) as pool:
        read = list(pool.map(lambda text: [line.text for line in runtime.ocr.read(drawn((text, 200)))], texts))
    assert read == [[text] for text in texts]


def test_models_of_another_size_are_read_from_a_folder_of_ones_own(runtime: Runtime, tmp_path: Path) -> None:
    bundled = path_of("pp-ocrv6-small", Settings().models_dir)
    for task in ("det", "rec"):
        shutil.copy(bundled / f"models/PP-OCRv6_{task}_small.onnx", tmp_path / f"ch_PP-OCRv5_{task}_server.onnx")
    options = RapidOcrOptions(release="PP-OCRv5", size="server", device="cpu")
    frame = drawn(("SUMMER SALE 50", 200))
    assert RapidOcr(tmp_path, runtime.identity(Role.OCR), options).read(frame) == runtime.ocr.read(frame)


def test_a_folder_without_the_models_asked_for_says_which_it_has(runtime: Runtime) -> None:
    bundled = path_of("pp-ocrv6-small", Settings().models_dir)
    with pytest.raises(ModelError, match=r"has no .*PP-OCRv5_det_server\.onnx; there is PP-OCRv6_det_small\.onnx"):
        RapidOcr(bundled, runtime.identity(Role.OCR), RapidOcrOptions(release="PP-OCRv5", size="server"))


def test_a_gpu_that_is_not_there_is_said_to_be(runtime: Runtime) -> None:
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("ONNX Runtime sees a GPU here")
    bundled = path_of("pp-ocrv6-small", Settings().models_dir)
    with pytest.raises(EngineUnavailable, match=r"onnxruntime sees no GPU.*pip install onnxruntime-gpu"):
        RapidOcr(bundled, runtime.identity(Role.OCR), RapidOcrOptions(device="cuda"))
