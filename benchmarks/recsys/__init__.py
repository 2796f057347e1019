"""Recommenders measured: MovieLens offline, and an audience of made-up viewers."""
