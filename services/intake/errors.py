"""What a caller can get wrong, or the world can refuse: each error has a code, an HTTP status and whether to retry."""

from __future__ import annotations

from typing import ClassVar


class ServiceError(Exception):
    """Base of every error that a caller is told about.

    `code` is stable and meant for programs, the message for people, `remedy` says what to do. `status` is the HTTP
    status the API answers with; `retryable` says whether the same request may succeed later, and `retry_after_s` how
    long to wait before it is tried, seconds.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, remedy: str, retry_after_s: float = 5.0) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.retry_after_s = retry_after_s


class IntakeError(ServiceError):
    """Base of what the door refuses. Nothing of a refused upload stays behind."""

    code = "intake_error"


class SourceNotFound(IntakeError):
    """There is no such file, or the server says that there is none."""

    code = "source_not_found"
    status = 404


class SourceUnreadable(IntakeError):
    """The source exists but is no readable regular file."""

    code = "source_unreadable"
    status = 422


class SourceForbidden(IntakeError):
    """A path outside the allowed roots, or a URL outside the allowed hosts or public addresses."""

    code = "source_forbidden"
    status = 403


class SourceUnavailable(IntakeError):
    """The server of a URL did not deliver this time."""

    code = "source_unavailable"
    status = 502
    retryable = True


class UploadTooLarge(IntakeError):
    """More bytes than the operator allows."""

    code = "too_large"
    status = 413


class BacklogFull(IntakeError):
    """More is on its way, of this uploader or of all, than the operator allows."""

    code = "backlog_full"
    status = 429
    retryable = True


class StorageFull(IntakeError):
    """There is no room left for uploads."""

    code = "storage_full"
    status = 507
    retryable = True


class InvalidSubmission(IntakeError):
    """The request contradicts itself or lacks what it needs."""

    code = "invalid_submission"
    status = 422
