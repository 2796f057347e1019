"""A PostgreSQL server of the tests' own, as benchmarks start theirs."""

from benchmarks.servers.postgres import Cluster, binaries, running_cluster, running_server

__all__ = ["Cluster", "binaries", "running_cluster", "running_server"]
