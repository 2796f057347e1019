"""A client of the API, which is all that the command line knows of Reelwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel

from services.api.account_schemas import AccountsAnswer, AccountView, KeysAnswer, KeyView, NewKey
from services.api.costs import CostsAnswer
from services.api.event_schemas import EventsAnswer
from services.api.profile_schemas import EditsAnswer, ErasedAnswer, ProfileAnswer
from services.api.recommend_schemas import RecommendationsAnswer
from services.api.results import MomentAnswer, VideoAnswer
from services.api.review_schemas import RedescribeAnswer
from services.api.schemas import DuplicatesAnswer, RetriedAnswer, SubmissionAnswer, VideoDetail, VideoPage
from services.api.webhook_schemas import NewWebhook
from services.api.why_schemas import WhyAnswer
from services.cli.output import CliError
from services.intake.sidecars import find_sidecars
from services.library.understanding import Understanding

Answer = TypeVar("Answer", bound=BaseModel)


class ApiError(CliError):
    """The API refused: `api_code` is its stable code, `http_status` the status it came with.

    `asked_to_wait_s` is what it asked to wait before the same is tried again, None where it did not.
    """

    def __init__(
        self, message: str, *, remedy: str, api_code: str, http_status: int, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.api_code = api_code
        self.http_status = http_status
        self.asked_to_wait_s = retry_after_s


class Client:
    """Typed calls over one `httpx.Client`, whatever it is connected to. Raises `ApiError`, or `CliError` when the
    server is gone.
    """

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def submit(self, path: Path, fields: Mapping[str, Any] | None = None) -> SubmissionAnswer:
        """Hand in a local file: by path where the server may read it, as an upload where it may not."""
        given = {key: value for key, value in (fields or {}).items() if value is not None}
        try:
            return self._ask("POST", "/v1/videos", SubmissionAnswer, json={"path": str(path), **given})
        except ApiError as error:
            if error.api_code != "source_forbidden":
                raise
        return self._upload(path, given)

    def video(self, video_id: str) -> VideoDetail:
        """Where a video is."""
        return self._ask("GET", f"/v1/videos/{_quoted(video_id)}", VideoDetail)

    def videos(self, *, state: str | None = None, limit: int = 50, offset: int = 0) -> VideoPage:
        """A page of the list."""
        params = _given(state=state, limit=limit, offset=offset)
        return self._ask("GET", "/v1/videos", VideoPage, params=params)

    def understanding(self, video_id: str) -> Understanding:
        """The document of a video in a final state."""
        return self._ask("GET", f"/v1/videos/{_quoted(video_id)}/understanding", Understanding)

    def duplicates(self, video_id: str) -> DuplicatesAnswer:
        """What a video is a copy of, and its copies."""
        return self._ask("GET", f"/v1/videos/{_quoted(video_id)}/duplicates", DuplicatesAnswer)

    def retry(self, video_id: str) -> SubmissionAnswer:
        """Send a video through again."""
        return self._ask("POST", f"/v1/videos/{_quoted(video_id)}/retry", SubmissionAnswer)

    def retry_failed(self) -> RetriedAnswer:
        """Send all failed videos on."""
        return self._ask("POST", "/v1/videos/retry-failed", RetriedAnswer)

    def put_webhook(self, name: str, url: str, events: Sequence[str]) -> NewWebhook:
        """Add or change an endpoint."""
        body = {"url": url, "events": list(events)} if events else {"url": url}
        return self._ask("PUT", f"/v1/webhooks/{quote(name, safe='')}", NewWebhook, json=body)

    def remove_webhook(self, name: str) -> None:
        """Forget an endpoint."""
        self._json("DELETE", f"/v1/webhooks/{quote(name, safe='')}")

    def retry_deliveries(self, *, webhook: str | None, delivery: int | None) -> RetriedAnswer:
        """Send dead messages again."""
        body = _given(webhook=webhook, delivery=delivery)
        return self._ask("POST", "/v1/webhooks/retry", RetriedAnswer, json=body)

    def search(self, query: str, *, limit: int, **filters: object) -> VideoAnswer:
        """Find videos."""
        return self._ask("GET", "/v1/search", VideoAnswer, params=_given(q=query, limit=limit, **filters))

    def moments(self, query: str, *, limit: int, **filters: object) -> MomentAnswer:
        """Find moments."""
        params = _given(q=query, kind="moments", limit=limit, **filters)
        return self._ask("GET", "/v1/search", MomentAnswer, params=params)

    def recommend(self, user: str, *, limit: int, **context: object) -> RecommendationsAnswer:
        """A feed with reasons."""
        params = _given(user=user, limit=limit, **context)
        return self._ask("GET", "/v1/recommendations", RecommendationsAnswer, params=params)

    def why(self, request_id: str, video_id: str, *, without: Sequence[str] = ()) -> WhyAnswer:
        """Why an answer showed a video."""
        url = f"/v1/recommendations/{_quoted(request_id)}/why/{_quoted(video_id)}"
        return self._ask("GET", url, WhyAnswer, params={"without": list(without)})

    def feedback(self, events: Sequence[Mapping[str, Any]]) -> EventsAnswer:
        """Report what viewers did."""
        return self._ask("POST", "/v1/events", EventsAnswer, json=list(events))

    def profile(self, user: str) -> ProfileAnswer:
        """What is known of a viewer."""
        return self._ask("GET", f"{_user(user)}/profile", ProfileAnswer)

    def wish(self, user: str, text: str) -> EditsAnswer:
        """Store what a viewer says they want."""
        return self._ask("POST", f"{_user(user)}/wishes", EditsAnswer, json={"text": text})

    def export_user(self, user: str, file: Path) -> int:
        """Write everything kept of a viewer to a file as it comes; how many lines. An unfinished file is removed."""
        lines = 0
        try:
            with self._http.stream("GET", f"{_user(user)}/export") as response, file.open("w", encoding="utf-8") as out:
                if not response.is_success:
                    raise CliError(f"The server answered {response.status_code}.", remedy="Look into its log.")
                for line in response.iter_lines():
                    out.write(line + "\n")
                    lines += 1
        except (CliError, httpx.HTTPError) as error:
            file.unlink(missing_ok=True)
            if isinstance(error, CliError):
                raise
            raise CliError(f"The export broke off: {error}.", remedy="Try again.") from error
        return lines

    def erase_user(self, user: str) -> ErasedAnswer:
        """Delete everything kept of a viewer."""
        return self._ask("DELETE", _user(user), ErasedAnswer)

    def costs(self, *, by: str, first: str | None, last: str | None, limit: int) -> CostsAnswer:
        """What was spent; days are ISO dates."""
        params = _given(by=by, to=last, limit=limit, **{"from": first})
        return self._ask("GET", "/v1/costs", CostsAnswer, params=params)

    def add_account(self, name: str, role: str, password: str | None) -> AccountView:
        """Make an account."""
        body = {"name": name, "role": role, "password": password}
        return self._ask("POST", "/v1/accounts", AccountView, json=body)

    def accounts(self) -> AccountsAnswer:
        """All accounts."""
        return self._ask("GET", "/v1/accounts", AccountsAnswer)

    def change_account(self, name: str, **changes: object) -> AccountView:
        """Change what is given."""
        return self._ask("PATCH", f"/v1/accounts/{quote(name, safe='')}", AccountView, json=changes)

    def keys(self) -> KeysAnswer:
        """All keys."""
        return self._ask("GET", "/v1/keys", KeysAnswer)

    def add_key(self, name: str, note: str) -> NewKey:
        """Make a key."""
        return self._ask("POST", f"/v1/accounts/{quote(name, safe='')}/keys", NewKey, json={"note": note})

    def revoke_key(self, prefix: str) -> KeyView:
        """End a key."""
        return self._ask("DELETE", f"/v1/keys/{quote(prefix, safe='')}", KeyView)

    def get(self, path: str, model: type[Answer], **params: object) -> Answer:
        """Any answer of a GET route."""
        return self._ask("GET", path, model, params=_given(**params))

    def redescribe(self, video_id: str) -> RedescribeAnswer:
        """Describe a video again from its corrected lines."""
        return self._ask("POST", f"/v1/review/videos/{_quoted(video_id)}/redescribe", RedescribeAnswer)

    def lines(self, path: str, **params: object) -> Iterator[str]:
        """A long answer, line by line."""
        with self._http.stream("GET", path, params=_given(**params)) as response:
            if not response.is_success:
                raise CliError(f"The server answered {response.status_code}.", remedy="Look into its log.")
            yield from response.iter_lines()

    def _upload(self, path: Path, fields: Mapping[str, Any]) -> SubmissionAnswer:
        with ExitStack() as stack:
            files = [("file", (path.name, stack.enter_context(path.open("rb"))))]
            files += [
                ("subtitles", (sidecar.name, stack.enter_context(sidecar.open("rb"))))
                for sidecar in find_sidecars(path)
            ]
            return self._ask("POST", "/v1/videos", SubmissionAnswer, files=files, data=dict(fields), timeout=None)

    def _ask(self, method: str, url: str, model: type[Answer], **request: Any) -> Answer:
        return model.model_validate(self._json(method, url, **request))

    def _json(self, method: str, url: str, **request: Any) -> Any:
        try:
            response = self._http.request(method, url, **request)
        except httpx.HTTPError as error:
            raise CliError(f"The server does not answer: {error}.", remedy="Is `reelwise up` still running?") from error
        try:
            body = response.json()
        except ValueError:
            body = {}
        if response.is_success:
            return body
        said = body.get("error") if isinstance(body, dict) else None
        if not isinstance(said, dict):
            raise CliError(f"The server answered {response.status_code}.", remedy="Look into its log.")
        raise ApiError(
            str(said["message"]),
            remedy=str(said["remedy"]),
            api_code=str(said["code"]),
            http_status=response.status_code,
            retry_after_s=_seconds(response.headers.get("retry-after")),
        )


def _given(**values: object) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _seconds(header: str | None) -> float | None:
    return float(header) if header is not None and header.isdecimal() else None


def _user(user: str) -> str:
    return f"/v1/users/{quote(user, safe='')}"


def _quoted(video_id: str) -> str:
    return "".join(character for character in video_id.strip().lower() if character.isalnum()) or "none"
