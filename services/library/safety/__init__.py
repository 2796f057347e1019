"""Safety labels from words in the evidence and names of things in frames: a conservative look that tells editors where.

A label is a reason to look, and no label is no promise. It can't see what nobody says, writes or the frame classifier
has no name for (nudity, blood, a fight, a child in danger), and understands no language but English and Chinese. What
else it can't tell is in docs/limits.md. Confidences come from fixed weights per kind of evidence; they order a queue
and are not calibrated.
"""

from services.library.safety.assess import MAX_CONFIDENCE, assess
from services.library.safety.rules import RULES_FILE, SafetyRules, SafetyRulesError, Severity, load_rules

__all__ = ["MAX_CONFIDENCE", "RULES_FILE", "SafetyRules", "SafetyRulesError", "Severity", "assess", "load_rules"]
