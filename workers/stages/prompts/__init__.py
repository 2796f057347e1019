"""Prompts are files, one a language, each with a version that the fingerprint of what it writes covers."""
