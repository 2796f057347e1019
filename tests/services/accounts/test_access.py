"""Who gets in, with the routes as they are."""

from __future__ import annotations

from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from services.accounts import make_key
from services.api.policy import MOUNTS, RULES
from services.library.record.accounts import Role
from tests.services.review.conftest import video_id

PASSWORD = "a long enough password"


def test_every_route_has_a_rule_and_every_rule_a_route(client, library) -> None:
    app = client._transport._inner.app
    found = set()
    for context in iter_route_contexts(app.router.routes):
        if isinstance(context.route, Mount):
            assert context.path in MOUNTS
            continue
        found |= {(method, context.path) for method in context.methods or ("GET",) if method != "HEAD"}
    assert found == set(RULES)


def test_without_accounts_on_loopback_nobody_signs_in_and_the_first_account_changes_that(connect) -> None:
    nobody = connect()
    assert nobody.get("/v1/session").json()["via"] == "local"
    made = nobody.post("/v1/accounts", json={"name": "root", "role": "admin", "password": PASSWORD})
    assert (made.status_code, "password" in made.json()) == (201, False)
    refused = nobody.get("/v1/videos")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "not_signed_in")
    assert "accounts key" in refused.json()["error"]["remedy"]
    assert nobody.get("/healthz").status_code == 200


def test_each_role_reaches_its_routes_and_no_others(connect) -> None:
    clients = {role: connect(role.value, role) for role in Role}
    nobody = connect()
    for (method, path), rule in RULES.items():
        if method != "GET" or "{" in path or path.startswith(("/docs", "/redoc")):
            continue
        for role, http in clients.items():
            expected = rule.roles is None or role in rule.roles
            status = http.get(path).status_code
            assert (status != 403, status < 500) == (expected, True), (path, role)
        refused = 303 if rule.page else 401
        assert (nobody.get(path).status_code != refused) == (rule.roles is None), path


def test_a_session_needs_its_token_for_changes_and_ends_everywhere(connect, library, password_hash) -> None:
    library.record.add_account("ed", Role.EDITOR, password_hash)
    http = connect()
    signed = http.post("/v1/session", json={"name": "ed", "password": PASSWORD})
    cookie = signed.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    claim = f"/v1/review/videos/{video_id('cat')}/claim"
    assert http.post(claim).json()["error"]["code"] == "csrf"
    token = {"X-CSRF-Token": signed.json()["csrf"]}
    assert http.post(claim, headers=token).status_code == 200
    assert http.delete("/v1/sessions", headers=token).json() == {"ended": 1}
    assert http.get("/v1/videos").status_code == 401


def test_a_wrong_password_is_refused_like_an_unknown_name_and_too_many_have_to_wait(
    open_library, password_hash
) -> None:
    from datetime import UTC, datetime

    import pytest

    from services.accounts import SignInRefused, TooManyFailures, sign_in
    from services.accounts.sign_in import Limits

    record = open_library().record
    record.add_account("ed", Role.EDITOR, password_hash)
    limits = Limits(failures=2, window_s=60, session_s=60)
    said = set()
    for name in ("ed", "nobody"):
        with pytest.raises(SignInRefused) as refused:
            sign_in(record, name, "wrong", address="a", limits=limits)
        said.add(refused.value.message)
    assert len(said) == 1
    assert sign_in(record, "ed", PASSWORD, address="b", limits=limits).expires_at > datetime.now(UTC)
    for _ in range(2):
        with pytest.raises(SignInRefused):
            sign_in(record, "ed", "wrong", address="c", limits=limits)
    with pytest.raises(TooManyFailures, match="too often"):
        sign_in(record, "ed", PASSWORD, address="d", limits=limits)


def test_keys_are_hashed_shown_once_and_revocable_and_disabling_shuts_all_doors(connect, library) -> None:
    admin = connect("root", Role.ADMIN)
    editor = connect("ed", Role.EDITOR)
    assert editor.get("/v1/review/queue").status_code == 200
    stored = library.record.key(library.record.api_keys("ed")[0].prefix)
    assert stored is not None
    assert stored[1] not in editor.headers["authorization"]
    assert admin.get("/v1/keys").json()["keys"][0]["last_used_at"]
    assert "secret_hash" not in admin.get("/v1/keys").text
    admin.delete(f"/v1/keys/{library.record.api_keys('ed')[0].prefix}")
    assert editor.get("/v1/review/queue").status_code == 401
    editor.headers["authorization"] = f"Bearer {make_key(library.record, 'ed')[1]}"
    assert editor.get("/v1/review/queue").status_code == 200
    admin.patch("/v1/accounts/ed", json={"disabled": True})
    assert editor.get("/v1/review/queue").status_code == 401
    assert admin.patch("/v1/accounts/root", json={"disabled": True}).json()["error"]["code"] == "last_admin"


def test_the_secret_of_this_process_is_an_admin_and_a_wrong_one_nobody(connect, library) -> None:
    library.record.add_account("root", Role.ADMIN)
    http = connect(secret="of-the-run-file")
    assert http.get("/v1/accounts", headers={"authorization": "Bearer of-the-run-file"}).status_code == 200
    assert http.get("/v1/accounts", headers={"authorization": "Bearer other"}).status_code == 401
