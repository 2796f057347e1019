"""What of a profile could be changed so that it fits: other weights, another engine, another device."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from models.engine_spec import KnownWeights
from models.engines import ENGINES, engine_spec
from models.memory_fit import Fit
from models.profile import Profile, Role, RoleSpec

Try = Callable[[Profile], Fit]


@dataclass(frozen=True, slots=True)
class _Change:
    """Another way to fill a role, and how to say it."""

    role: Role
    spec: RoleSpec
    words: str

    def of(self, profile: Profile) -> Profile:
        changed: dict[str, object] = {"roles": {**profile.roles, self.role: self.spec}}
        if self.role is Role.LANGUAGE and not engine_spec(self.role, self.spec.engine).sees:
            changed["asking"] = profile.asking.model_copy(update={"images": 0})
        return profile.model_copy(update=changed)


def changes_that_fit(profile: Profile, roles: frozenset[Role], tried: Try) -> list[str]:
    """Single changes with which the profile fits, in words; where none is enough, the smallest of several together."""
    changes = [change for role in Role if role in roles for change in _changes(profile, role)]
    enough = [change.words for change in changes if tried(change.of(profile)).sure]
    return enough or _together(profile, changes, tried)


def _together(profile: Profile, changes: list[_Change], tried: Try) -> list[str]:
    """The smallest choice for each role, those that save most first, until all fits; empty if it never does."""
    sized = sorted(((_size(tried(change.of(profile))), at) for at, change in enumerate(changes)), reverse=True)
    best = {changes[at].role: (size, at) for size, at in sized}
    taken: list[str] = []
    for _, at in sorted(best.values()):
        change = changes[at]
        profile = change.of(profile)
        taken.append(change.words)
        if tried(profile).sure:
            return [", ".join(taken[:-1]) + f" and {taken[-1]}, together"]
    return []


def _size(fit: Fit) -> int:
    return fit.host_bytes + sum(fit.gpu_bytes(gpu) for gpu in {need.gpu for need in fit.needs if need.gpu is not None})


def _changes(profile: Profile, role: Role) -> Iterator[_Change]:
    given = profile.roles[role]
    if engine_spec(role, given.engine).uses_gpu:
        for device in ("cpu", "cuda"):
            if given.options.get("device") != device:
                moved = given.model_copy(update={"options": given.options | {"device": device}})
                yield _Change(role, moved, f"{role} with the option device: {device}")
    for engine, other in sorted(ENGINES[role].items(), key=lambda pair: pair[0] != given.engine):
        if other.probe is not None:
            continue  # A server has an address and a name of its model, which only the operator knows.
        for known in other.weights or (KnownWeights("", "", 0),):
            if known.bytes is None or (engine, known.name or None) == (given.engine, given.weights):
                continue
            options = given.options if engine == given.engine else {}
            changed = RoleSpec(engine=engine, weights=known.name or None, options=options)
            blind = role is Role.LANGUAGE and profile.asking.images > 0 and not other.sees
            words = f"{role} by {engine}" + (f" with {known.name}" if known.name else "")
            yield _Change(role, changed, words + (" and asking.images: 0" if blind else ""))
