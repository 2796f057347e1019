"""Confidence that means what it says: how often people agreed with a signal, learned from their verdicts.

Every signal (words that a language model picked from speech, names of things in frames, topics by embeddings) gives a
score of its own making. A curve per signal and model turns the score into the share of labels of that score that
people accepted. A signal without a curve keeps its score.
"""

from services.library.calibration.curves import CURVES_FILE, Calibration, CalibrationError, Curve, load_calibration
from services.library.calibration.fit import Verdict, fit

__all__ = ["CURVES_FILE", "Calibration", "CalibrationError", "Curve", "Verdict", "fit", "load_calibration"]
