import pytest

from models.speech.languages import LanguagePrior, language_of_script, weighed

ALL_ALIKE = LanguagePrior(expected=())


def test_without_a_prior_the_likeliest_language_wins_with_its_probability() -> None:
    assert weighed([(1.0, {"de": 0.6, "en": 0.4})], ALL_ALIKE) == ("de", pytest.approx(0.6))


def test_an_expected_language_wins_a_close_race_and_loses_a_clear_one() -> None:
    assert weighed([(1.0, {"de": 0.6, "en": 0.3})], LanguagePrior())[0] == "en"
    assert weighed([(1.0, {"fr": 0.95, "en": 0.05})], LanguagePrior())[0] == "fr"


def test_windows_count_by_how_much_is_said_in_them() -> None:
    said = [(1.0, {"zh": 0.9, "en": 0.1}), (20.0, {"zh": 0.3, "en": 0.7})]
    assert weighed(said, ALL_ALIKE)[0] == "en"


@pytest.mark.parametrize("hint", ["fr", "fr-CA", "FR_fr"])
def test_a_hint_tips_a_close_race_and_is_no_order(hint: str) -> None:
    prior = LanguagePrior(hint=hint)
    assert weighed([(1.0, {"en": 0.7, "fr": 0.2})], prior)[0] == "fr"
    assert weighed([(1.0, {"en": 0.97, "fr": 0.01})], prior)[0] == "en"


def test_an_unknown_hint_changes_nothing() -> None:
    heard = [(1.0, {"en": 0.5, "de": 0.5})]
    assert weighed(heard, LanguagePrior(hint="tlh")) == weighed(heard, LanguagePrior())


def test_no_window_is_an_error() -> None:
    with pytest.raises(ValueError, match="no window"):
        weighed([], LanguagePrior())


@pytest.mark.parametrize(
    ("title", "language"),
    [
        ("猫咪配音：对，这就是我", "zh"),
        ("東京の朝ごはん", "ja"),
        ("고양이 영상", "ko"),
        ("Утро в деревне", "ru"),
        ("صباح الخير", "ar"),
        ("My trip to 北京", "zh"),
        ("My long trip to the old hutongs of 北京", None),
        ("A day out", None),
        ("123 !!", None),
        ("", None),
    ],
)
def test_the_script_of_a_title_names_a_language(title: str, language: str | None) -> None:
    assert language_of_script(title) == language
