from benchmarks.safety import Case, load_cases, report
from services.library.safety import load_rules


def test_every_labelled_sentence_is_there_once_and_names_categories_that_exist() -> None:
    cases, slugs = load_cases(), {category.slug for category in load_rules().categories}
    assert len({case.text for case in cases}) == len(cases) > 200
    assert {slug for case in cases for slug in case.expect | case.may} == slugs


def test_both_halves_hold_enough_of_everything_to_say_something() -> None:
    held_out = [case for case in load_cases() if case.held_out]
    assert 90 < len(held_out) < 130
    assert sum(not case.expect for case in held_out) > 30


def test_what_may_be_raised_counts_neither_way() -> None:
    rules = load_rules()
    cases = [
        Case(text="he has a gun and a beer", expect=frozenset({"weapons"}), may=frozenset({"alcohol"})),
        Case(text="a pistol", expect=frozenset()),
        Case(text="a quiet lake", expect=frozenset({"sexual"})),
    ]
    found = report(cases, rules)
    assert (found.all.right, found.all.wrong, found.all.missed) == (1, 1, 1)
    assert (found.harmless, found.alarmed) == (1, 1)
    assert found.categories["alcohol"].precision is None


def test_the_shipped_rules_do_on_both_halves_what_is_reported_of_them() -> None:
    rules = load_rules()
    for held_out in (False, True):
        found = report([case for case in load_cases() if case.held_out is held_out], rules)
        assert (found.all.precision or 0) >= 0.95
        assert (found.all.recall or 0) >= 0.9
        assert found.alarmed <= 3
