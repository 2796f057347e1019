"""Servers of a benchmark's or a test's own: on free loopback ports, in temporary folders, stopped at the end."""
