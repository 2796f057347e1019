"""Curves from scores to probabilities, and the file they are kept in."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.library.once import once
from services.library.yaml_text import parsed

CURVES_FILE = Path(__file__).with_name("curves.yaml")
"""The curves that ship, fitted by `python -m benchmarks.calibrate`."""

_NEAR = 1e-3
"""Scores are kept this far from 0 and 1, where their logit has no end."""


class CalibrationError(ValueError):
    """A file of curves that cannot be used."""


def logit(score: float) -> float:
    """Log odds of a score in [0, 1]."""
    kept = min(max(score, _NEAR), 1.0 - _NEAR)
    return math.log(kept / (1.0 - kept))


class Curve(BaseModel):
    """Platt scaling (Platt 1999) of one signal of one model: sigmoid(intercept + slope * logit(score)).

    `model` names engine and weights that the verdicts were about; `verdicts` and `accepted` count them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    intercept: float
    slope: float = Field(ge=0.0)
    verdicts: int = Field(gt=0)
    accepted: int = Field(ge=0)

    def probability(self, score: float) -> float:
        """Share of labels of this score that people would accept, in (0, 1)."""
        return 1.0 / (1.0 + math.exp(-(self.intercept + self.slope * logit(score))))


class Calibration(BaseModel):
    """Curves by signal."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    curves: Mapping[str, Curve] = Field(default_factory=dict)

    def probability(self, signal: str, model: str, score: float) -> float:
        """The calibrated confidence; the score itself where no curve is about this signal of this model."""
        curve = self.curves.get(signal)
        return score if curve is None or curve.model != model else curve.probability(score)


def load_calibration(file: Path | None = None) -> Calibration:
    """The curves of `file`, by default those that ship; read once per process and file. Raises `CalibrationError`."""
    return _load((file or CURVES_FILE).resolve())


@once
def _load(file: Path) -> Calibration:
    try:
        return Calibration.model_validate(parsed(file.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise CalibrationError(f"{file}: not found; correct REELWISE_CALIBRATION or unset it") from error
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise CalibrationError(f"{file}: not readable as UTF-8 YAML: {error}") from error
    except ValidationError as error:
        said = "; ".join(f"{'.'.join(map(str, item['loc'])) or 'file'}: {item['msg']}" for item in error.errors())
        raise CalibrationError(f"{file}: {said}; write it anew with python -m benchmarks.calibrate") from error
