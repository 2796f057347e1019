"""The verbs of `reelwise`."""
