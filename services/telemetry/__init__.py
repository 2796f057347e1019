"""Seeing it run: logs with context, metrics, traces. Knows nothing of the API, the workers or the models.

Everything here is cheap where nobody looks: without a provider of traces a span is an object that does nothing.
"""
