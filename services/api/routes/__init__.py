"""The handlers, one file a subject."""
