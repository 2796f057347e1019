"""The door for uploads: paths, URLs and uploaded files become blobs and submissions."""

from services.intake.admission import admit, check_room
from services.intake.door import Metadata, NamedStream, Receipt, submit_path, submit_upload, submit_url

__all__ = ["Metadata", "NamedStream", "Receipt", "admit", "check_room", "submit_path", "submit_upload", "submit_url"]
