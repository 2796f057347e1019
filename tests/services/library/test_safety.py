from pathlib import Path

import pytest
import yaml

from models.vision.label_names import imagenet_names
from services.library.safety import MAX_CONFIDENCE, RULES_FILE, SafetyRules, SafetyRulesError, assess, load_rules
from services.library.safety.readings import normal
from services.library.understanding import Evidence, EvidenceKind, SafetyLabel


def line(evidence_id: str, text: str) -> Evidence:
    return Evidence(id=evidence_id, kind=EvidenceKind(evidence_id[0]), start=0.0, end=1.0, text=text)


def labels(*lines: Evidence) -> dict[str, SafetyLabel]:
    return {label.category: label for label in assess(lines, load_rules())}


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("He pulled a GUN on me", "weapons"),
        ("the casino was full of gamblers", "gambling"),
        ("我们去喝酒吧", "alcohol"),
        ("我們去買紅酒", "alcohol"),
        ("come on喝beer吧", "alcohol"),
        ("稳赚不赔，加微信领福利", "scam"),
        ("这个偏方包治百病", "medical-claims"),
        ("危险动作，请勿模仿", "dangerous-acts"),
        ("she thought about self harm", "self-harm"),
        ("what the fuck", "profanity"),
        ("吸烟有害健康", "tobacco"),
    ],
)
def test_a_word_of_a_category_raises_it_in_both_languages(text: str, category: str) -> None:
    assert set(labels(line("S1", text))) == {category}


@pytest.mark.parametrize(
    "text",
    [
        "He has begun to sing",
        "an essex drum classic",
        "这是个大麻烦",
        "大家注意一下注意事项",
        "妈妈我想死你了",
        "怎么去死皮",
        "练习男性行为礼仪",
        "she killed it on stage, smoking hot guitar",
        "a lovely day at the beach 今天天气真好",
        "",
    ],
)
def test_words_inside_other_words_and_harmless_phrases_raise_nothing(text: str) -> None:
    assert labels(line("S1", text)) == {}


def test_the_longest_phrase_wins() -> None:
    assert set(labels(line("S1", "do not go drunk driving"))) == {"dangerous-acts"}


def test_one_label_a_category_cites_every_matching_line_and_names_the_words() -> None:
    lines = (line("S1", "have a beer"), line("S2", "nothing here"), line("S4", "another beer"), line("T2", "啤酒节"))
    (label,) = assess(lines, load_rules())
    assert label.evidence == ("S1", "S4", "T2")
    assert "“beer” (S1, S4)" in label.explanation
    assert "“啤酒” (T2)" in label.explanation
    assert label.severity == "low"


def test_frames_are_matched_by_names_of_things_and_not_by_words() -> None:
    found = labels(line("F1", "assault rifle, military uniform"), line("F2", "beer bottle; wine bottle"))
    assert set(found) == {"weapons", "alcohol"}
    assert labels(line("F1", "a casino scene")) == {}


def test_sound_descriptions_hold_no_words_to_match() -> None:
    assert labels(line("A1", "gunshot like bangs")) == {}


def test_confidence_grows_with_evidence_and_most_with_another_kind() -> None:
    frame = labels(line("F1", "revolver"))["weapons"].confidence
    said = labels(line("S1", "a gun"))["weapons"].confidence
    twice = labels(line("S1", "a gun"), line("S2", "a gun"))["weapons"].confidence
    both = labels(line("S1", "a gun"), line("T1", "手枪"))["weapons"].confidence
    many = labels(*(line(f"{kind}{n}", "a gun") for kind in "STCM" for n in range(1, 9)))["weapons"].confidence
    assert frame < said < twice < both < many == MAX_CONFIDENCE


def test_every_frame_label_is_a_name_that_the_classifier_can_say() -> None:
    names = {name.en for name in imagenet_names()}
    assert [label for category in load_rules().categories for label in category.labels if label not in names] == []


def test_every_harmless_phrase_is_needed() -> None:
    rules = load_rules()
    bare = SafetyRules.model_validate(rules.model_dump() | {"harmless": {}})
    phrases = [normal(phrase.rstrip("*")) for phrase in (*rules.harmless.en, *rules.harmless.zh)]
    assert [phrase for phrase in phrases if not bare.words.find(phrase)] == []
    assert [phrase for phrase in phrases if rules.words.find(phrase)] == []


def test_every_shipped_pattern_raises_its_own_category() -> None:
    rules = load_rules()
    for category in rules.categories:
        for pattern in (*category.en, *category.zh):
            raised = {
                label.category for label in assess([line("S1", pattern.replace(" + ", " ").replace("*", ""))], rules)
            }
            assert category.slug in raised, pattern


def test_a_category_may_be_limited_to_kinds_of_evidence(tmp_path: Path) -> None:
    document = yaml.safe_load(RULES_FILE.read_text(encoding="utf-8"))
    document["categories"] = [{**document["categories"][1], "kinds": ["T"]}]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    assert assess([line("S1", "a gun")], load_rules(file)) == ()
    assert len(assess([line("T1", "a gun")], load_rules(file))) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"categories": []}, "categories: "),
        ({"weights": {"S": 0.5}}, "weights of T, C, M, F are missing"),
        (
            {"categories": [{"slug": "x", "severity": "low", "explanation": "X.", "explanation_zh": "某"}]},
            r"line \d+, categories\.0 \(x\): .*has no patterns",
        ),
        (
            {
                "categories": [
                    {"slug": "x", "severity": "awful", "explanation": "X.", "explanation_zh": "某", "en": ["a"]}
                ]
            },
            "severity",
        ),
        (
            {
                "categories": [
                    {"slug": "x", "severity": "low", "explanation": "X.", "explanation_zh": "某", "zh": ["枪"]}
                ]
            },
            "zh",
        ),
        (
            {
                "categories": [
                    {"slug": "x", "severity": "low", "explanation": "X.", "explanation_zh": "某", "en": ["(a"]}
                ]
            },
            "en",
        ),
    ],
)
def test_a_bad_rules_file_is_refused_by_name(tmp_path: Path, change: dict[str, object], said: str) -> None:
    document = yaml.safe_load(RULES_FILE.read_text(encoding="utf-8")) | change
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    with pytest.raises(SafetyRulesError, match=rf"rules\.yaml: .*{said}"):
        load_rules(file)


@pytest.mark.parametrize(
    ("written", "meant", "category"),
    [
        ("f u c k this", "fuck", "profanity"),
        ("selling c0caine", "cocaine", "drugs"),
        ("f*ck off", "fuck*", "profanity"),
        ("k!ll yourself", "kill yourself", "self-harm"),
        ("s.u.i.c.i.d.e", "suicide", "self-harm"),
        ("毒 品 交 易", "毒品", "drugs"),
        ("自.杀的方法", "自杀", "self-harm"),
        ("a g\u057dn in the car", None, "weapons"),
        ("ｐｏｒｎ", None, "sexual"),
    ],
)
def test_a_disguised_word_is_found_and_shown_as_it_was_read(written: str, meant: str | None, category: str) -> None:
    label = labels(line("T1", written))[category]
    assert meant is None or f"read as “{meant.rstrip('*')}”" in label.explanation
    assert meant is None or f"即“{meant.rstrip('*')}”" in label.explanation_zh


@pytest.mark.parametrize(
    "text", ["an mp3 and 4k at 60fps", "约翰·列侬", "a b c d e f", "см. ган", "5 * 3 * 2", "h1n1", "G7 e36"]
)
def test_digits_stars_and_other_scripts_are_no_disguise_by_themselves(text: str) -> None:
    assert labels(line("T1", text)) == {}


@pytest.mark.parametrize(
    ("text", "category", "severity"),
    [
        ("never buy a gun", "weapons", "low"),
        ("buy a gun, never look back", "weapons", "medium"),
        ("don't worry. he bought a gun", "weapons", "medium"),
        ("police report a murder", "violence", "medium"),
        ("珍爱生命，远离毒品", "drugs", "medium"),
        ("我在读《枪击与人生》", "weapons", "low"),
        ("never kill yourself", "self-harm", "high"),
        ("call the suicide hotline", "self-harm", "medium"),
        ("no beer for me", "alcohol", "low"),
    ],
)
def test_a_context_lowers_the_severity_by_a_step_and_hides_nothing(text: str, category: str, severity: str) -> None:
    assert labels(line("S1", text))[category].severity == severity


def test_one_match_without_a_context_keeps_the_severity() -> None:
    lowered = labels(line("S1", "never buy a gun"))["weapons"]
    kept = labels(line("S1", "never buy a gun"), line("S2", "so I bought a gun"))["weapons"]
    assert (lowered.severity, kept.severity) == ("low", "medium")
    assert lowered.confidence < kept.confidence
    assert "Severity lowered from medium to low" in lowered.explanation
    assert "严重程度由中降为低" in lowered.explanation_zh


def test_signals_that_agree_raise_the_severity_and_captions_only_repeat_speech() -> None:
    said, seen = line("S1", "he has a gun"), line("F1", "revolver")
    assert labels(said)["weapons"].severity == "medium"
    assert labels(said, line("C1", "he has a gun"))["weapons"].severity == "medium"
    both = labels(said, seen)["weapons"]
    assert both.severity == "high"
    assert "Severity raised from medium to high: found in speech and frames" in both.explanation
    assert "语音、画面相互印证" in both.explanation_zh


def test_words_that_belong_together_must_share_a_sentence() -> None:
    assert set(labels(line("S1", "bleeding after the fight"))) == {"violence"}
    assert labels(line("S1", "my gums are bleeding. we had a fight about money")) == {}


def test_an_explanation_names_rule_words_and_lines_in_both_languages() -> None:
    label = labels(line("S1", "a gun"), line("T2", "手枪"))["weapons"]
    assert "Rule weapons: “gun” (S1); “手枪” (T2)." in label.explanation
    assert "规则weapons：“gun” (S1)；“手枪” (T2)。" in label.explanation_zh


def test_an_error_in_a_rules_file_names_line_entry_and_remedy(tmp_path: Path) -> None:
    text = RULES_FILE.read_text(encoding="utf-8")
    number = next(n for n, row in enumerate(text.splitlines(), 1) if row.startswith("    severity: medium"))
    file = tmp_path / "rules.yaml"
    file.write_text(text.replace("    severity: medium", "    severity: mild", 1), encoding="utf-8")
    with pytest.raises(
        SafetyRulesError, match=rf"line {number}, categories\.1\.severity \(weapons\): .*Choose low, medium or"
    ):
        load_rules(file)


def test_a_category_cannot_be_lowered_by_a_context_that_is_not_there(tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    text = RULES_FILE.read_text(encoding="utf-8").replace("lowered_by: [negation,", "lowered_by: [irony,", 1)
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SafetyRulesError, match="violence is lowered by irony, which no context is"):
        load_rules(file)


def test_a_rules_file_that_is_not_there_names_the_setting(tmp_path: Path) -> None:
    with pytest.raises(SafetyRulesError, match="not found; correct REELWISE_SAFETY_RULES"):
        load_rules(tmp_path / "none.yaml")
