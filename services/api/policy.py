"""Which role may call which route. A route without a rule is refused, and a test compares the table with the app."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from services.library.record.accounts import Role


@dataclass(frozen=True, slots=True)
class Rule:
    """`roles` None: anyone, signed in or not. `page`: a browser that is not signed in is sent to the sign-in page."""

    roles: frozenset[Role] | None
    page: bool = False


def _of(*roles: Role) -> Rule:
    return Rule(frozenset({*roles, Role.ADMIN}))


ANYONE = Rule(None)
SIGNED_IN = _of(*Role)
UPLOADERS = _of(Role.UPLOADER, Role.EDITOR)
RECOMMENDERS = _of(Role.RECOMMENDER)
VIEWERS = _of(Role.RECOMMENDER, Role.EDITOR)
EDITORS = _of(Role.EDITOR)
ADMINS = _of()
EDITOR_PAGE = Rule(EDITORS.roles, page=True)
ADMIN_PAGE = Rule(ADMINS.roles, page=True)
SIGNED_IN_PAGE = Rule(SIGNED_IN.roles, page=True)

SIGN_IN_PAGE = "/sign-in"
"""Where a browser is sent that asks for a page without being signed in; `next` names the page it wanted."""

RULES: dict[tuple[str, str], Rule] = {
    ("GET", "/openapi.json"): ANYONE,
    ("GET", "/docs"): ANYONE,
    ("GET", "/docs/oauth2-redirect"): ANYONE,
    ("GET", "/redoc"): ANYONE,
    ("GET", "/healthz"): ANYONE,
    ("GET", "/readyz"): ANYONE,
    ("GET", "/v1/schema/understanding"): ANYONE,
    ("GET", "/v1/taxonomy"): SIGNED_IN,
    ("GET", "/v1/session"): ANYONE,
    ("POST", "/v1/session"): ANYONE,
    ("DELETE", "/v1/session"): SIGNED_IN,
    ("DELETE", "/v1/sessions"): SIGNED_IN,
    ("PUT", "/v1/session/password"): SIGNED_IN,
    ("GET", "/v1/accounts"): ADMINS,
    ("POST", "/v1/accounts"): ADMINS,
    ("PATCH", "/v1/accounts/{name}"): ADMINS,
    ("DELETE", "/v1/accounts/{name}/sessions"): ADMINS,
    ("GET", "/v1/keys"): ADMINS,
    ("POST", "/v1/accounts/{name}/keys"): ADMINS,
    ("DELETE", "/v1/keys/{prefix}"): ADMINS,
    ("POST", "/v1/videos"): UPLOADERS,
    ("POST", "/v1/videos/retry-failed"): UPLOADERS,
    ("GET", "/v1/webhooks"): ADMINS,
    ("PUT", "/v1/webhooks/{name}"): ADMINS,
    ("DELETE", "/v1/webhooks/{name}"): ADMINS,
    ("GET", "/v1/webhooks/deliveries"): ADMINS,
    ("POST", "/v1/webhooks/retry"): ADMINS,
    ("GET", "/v1/videos"): SIGNED_IN,
    ("GET", "/v1/videos/{video_id}"): SIGNED_IN,
    ("GET", "/v1/videos/{video_id}/understanding"): SIGNED_IN,
    ("POST", "/v1/videos/{video_id}/retry"): UPLOADERS,
    ("POST", "/v1/videos/{video_id}/reports"): SIGNED_IN,
    ("GET", "/v1/search"): VIEWERS,
    ("GET", "/v1/recommendations"): VIEWERS,
    ("POST", "/v1/events"): VIEWERS,
    ("GET", "/v1/review/queue"): EDITORS,
    ("GET", "/v1/review/progress"): EDITORS,
    ("POST", "/v1/review/next"): EDITORS,
    ("POST", "/v1/review/videos/{video_id}/claim"): EDITORS,
    ("DELETE", "/v1/review/videos/{video_id}/claim"): EDITORS,
    ("POST", "/v1/review/videos/{video_id}/done"): EDITORS,
    ("GET", "/v1/review/videos/{video_id}"): EDITORS,
    ("GET", "/v1/review/videos/{video_id}/history"): EDITORS,
    ("POST", "/v1/review/videos/{video_id}/decisions"): EDITORS,
    ("POST", "/v1/review/videos/{video_id}/redescribe"): EDITORS,
    ("GET", "/v1/review/videos/{video_id}/reports"): EDITORS,
    ("GET", "/v1/review/views"): EDITORS,
    ("PUT", "/v1/review/views/{name}"): EDITORS,
    ("DELETE", "/v1/review/views/{name}"): EDITORS,
    ("GET", "/v1/review/label-rules"): EDITORS,
    ("POST", "/v1/review/label-rules"): EDITORS,
    ("DELETE", "/v1/review/label-rules/{rule_id}"): EDITORS,
    ("POST", "/v1/review/bulk/preview"): EDITORS,
    ("POST", "/v1/review/bulk"): EDITORS,
    ("GET", "/v1/review/bulk"): EDITORS,
    ("POST", "/v1/review/bulk/{bulk_id}/undo"): EDITORS,
    ("GET", "/v1/review/taxonomy"): EDITORS,
    ("POST", "/v1/review/taxonomy/preview"): EDITORS,
    ("POST", "/v1/review/taxonomy"): EDITORS,
    ("GET", "/v1/review/agreement"): EDITORS,
    ("GET", "/v1/review/report-card"): EDITORS,
    ("GET", "/v1/review/export"): EDITORS,
    ("GET", "/v1/review/calibration"): EDITORS,
    ("POST", "/v1/review/refresh"): EDITORS,
}
"""(method, path template) -> rule. The console adds its pages here."""

MOUNTS: Mapping[str, Rule] = {"/console/static": ANYONE}
"""Path of a mounted app (static files) -> rule."""

CONSOLE_RULES: Mapping[tuple[str, str], Rule] = {
    ("GET", "/"): ANYONE,
    ("GET", SIGN_IN_PAGE): ANYONE,
    ("GET", "/console"): ANYONE,
    ("GET", "/console/"): SIGNED_IN_PAGE,
    ("GET", "/console/videos/{video_id}"): SIGNED_IN_PAGE,
    ("GET", "/console/for-you"): Rule(VIEWERS.roles, page=True),
    ("GET", "/console/health"): SIGNED_IN_PAGE,
    ("GET", "/console/queue"): EDITOR_PAGE,
    ("GET", "/console/agreement"): EDITOR_PAGE,
    ("GET", "/console/taxonomy"): EDITOR_PAGE,
    ("GET", "/console/data/library"): SIGNED_IN,
    ("GET", "/console/data/cards"): SIGNED_IN,
    ("GET", "/console/data/health"): SIGNED_IN,
    ("GET", "/v1/videos/{video_id}/media"): SIGNED_IN,
    ("GET", "/v1/videos/{video_id}/pictures"): SIGNED_IN,
    ("GET", "/v1/videos/{video_id}/poster"): SIGNED_IN,
    ("GET", "/v1/videos/{video_id}/sprite"): SIGNED_IN,
    ("GET", "/v1/videos/{video_id}/similar"): SIGNED_IN,
    ("POST", "/v1/recommendations"): VIEWERS,
    ("GET", "/v1/recommendations/{request_id}/why/{video_id}"): VIEWERS,
    ("GET", "/v1/videos/{video_id}/exposure"): VIEWERS,
    ("GET", "/v1/events/quality"): VIEWERS,
    ("GET", "/v1/videos/{video_id}/duplicates"): SIGNED_IN,
    ("GET", "/v1/costs"): ADMINS,
    ("GET", "/v1/status"): ADMINS,
    ("GET", "/metrics"): SIGNED_IN,
    ("GET", "/v1/users/{user_id:path}/profile"): VIEWERS,
    ("PATCH", "/v1/users/{user_id:path}/profile"): VIEWERS,
    ("DELETE", "/v1/users/{user_id:path}/profile/edits/{edit_id}"): VIEWERS,
    ("POST", "/v1/users/{user_id:path}/wishes"): VIEWERS,
    ("PUT", "/v1/users/{user_id:path}/onboarding"): VIEWERS,
    ("GET", "/v1/users/{user_id:path}/export"): ADMINS,
    ("DELETE", "/v1/users/{user_id:path}"): ADMINS,
}
"""The console's pages, and what they show."""

RULES.update(CONSOLE_RULES)
