"""The metrics, each a function of plain values, independent of the code that it measures."""
