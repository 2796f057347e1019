"""The door for uploads: paths, URLs and uploaded files become blobs and submissions."""

from services.intake.door import Metadata, NamedStream, Receipt, submit_path, submit_upload, submit_url

__all__ = ["Metadata", "NamedStream", "Receipt", "submit_path", "submit_upload", "submit_url"]
