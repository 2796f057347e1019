"""A model server may refuse, stall, break off or lie: what it says is checked, and every failure says what to do."""

from __future__ import annotations

import base64
import io
import json
import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import numpy as np
import pytest
from PIL import Image

from models.errors import EndpointMisconfigured, ModelError, ModelUnavailable, RequestRefused
from models.identity import ModelIdentity
from models.language.base import Completion
from models.language.endpoint import Endpoint, EndpointLimits
from models.language.engines import OpenAiOptions
from models.language.openai_chat import OpenAiChat, endpoint_of, probe
from models.metering import metering
from tests.model_server import (
    Servant,
    Times,
    answering,
    breaking_off,
    refusing,
    serving,
    stalling,
    without_schemas,
)

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"mood": {"enum": ["happy", "calm"]}},
    "required": ["mood"],
    "additionalProperties": False,
}
CALM = '{"mood": "calm"}'
KEY = "sk-very-secret"


@pytest.fixture
def servant() -> Iterator[Servant]:
    with serving() as one:
        one.replies = [answering(CALM)]
        yield one


@pytest.fixture
def times() -> Times:
    return Times()


def chat(servant: Servant, times: Times, *, limits: EndpointLimits | None = None, **options: Any) -> OpenAiChat:
    given = OpenAiOptions(model="m", base_url=servant.url, **options)
    endpoint = Endpoint(
        servant.url,
        given.key_variable,
        limits or EndpointLimits(read_s=5),
        clock=times.clock,
        sleep=times.sleep,
        jitter=lambda: 0.5,
    )
    return OpenAiChat(given, ModelIdentity("openai", "m", "1"), endpoint=endpoint)


def ask(engine: OpenAiChat, **more: Any) -> Completion:
    request = {"system": "Label it.", "user": "S1: rain", "schema": SCHEMA, "max_tokens": 64, **more}
    return engine.complete(**request)


def test_the_schema_is_sent_and_tokens_are_told(servant: Servant, times: Times) -> None:
    with metering() as meter:
        answer = ask(chat(servant, times), examples=[("S1: sun", '{"mood":"happy"}')])
    assert (answer.value, answer.prompt_tokens, answer.completion_tokens) == ({"mood": "calm"}, 10, 5)
    assert (meter.prompt_tokens, meter.completion_tokens) == (10, 5)
    assert answer.notes == ()
    (asked,) = servant.asked
    assert asked["response_format"]["json_schema"]["schema"] == SCHEMA
    assert [turn["role"] for turn in asked["messages"]] == ["system", "user", "assistant", "user"]
    assert (asked["model"], asked["temperature"], asked["max_tokens"]) == ("m", 0, 64)


def test_a_server_that_was_down_for_a_moment_is_asked_again_later_and_later(servant: Servant, times: Times) -> None:
    servant.replies = [refusing(500), refusing(503), refusing(408), answering(CALM)]
    assert ask(chat(servant, times)).value == {"mood": "calm"}
    # Half of 0.5, 1 and 2 seconds: the jitter of these tests is always a half.
    assert times.slept == [0.25, 0.5, 1.0]


def test_retry_after_is_heeded_in_seconds_and_as_a_date(servant: Servant, times: Times) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    servant.replies = [refusing(429, Retry_After="7"), refusing(503, Retry_After=date), answering(CALM)]
    ask(chat(servant, times))
    assert times.slept[0] == 7
    assert 60 < times.slept[1] <= 90


def test_a_rest_longer_than_the_deadline_is_left_to_whoever_asked(servant: Servant, times: Times) -> None:
    servant.replies = [refusing(429, "slow down", Retry_After="900")]
    engine = chat(servant, times)
    with pytest.raises(ModelUnavailable, match=r"answered 429: slow down \(after 1 try\)") as caught:
        ask(engine)
    assert caught.value.retry_after_s == 900
    assert times.slept == []
    # Until then the server is left alone, whoever asks.
    times.now += 600
    with pytest.raises(ModelUnavailable) as caught:
        ask(engine)
    assert caught.value.retry_after_s == 300
    assert len(servant.asked) == 1
    times.now += 301
    servant.replies = [answering(CALM)]
    assert ask(engine).value == {"mood": "calm"}


def test_a_server_that_stays_down_is_named_after_the_last_try(servant: Servant, times: Times) -> None:
    servant.replies = [refusing(502, "bad gateway")]
    with pytest.raises(ModelUnavailable, match=rf"{servant.url} answered 502: bad gateway \(after 5 tries\)"):
        ask(chat(servant, times))
    assert len(servant.asked) == 5


def test_no_try_begins_after_the_deadline(servant: Servant, times: Times) -> None:
    servant.replies = [refusing(503, Retry_After="20")]
    with pytest.raises(ModelUnavailable, match="4 tries"):
        ask(chat(servant, times, limits=EndpointLimits(retries=100, deadline_s=70)))
    assert times.slept == [20, 20, 20]


def test_nobody_listening_is_an_outage_and_no_mistake(servant: Servant, times: Times) -> None:
    with serving() as other:
        gone = other.url
    servant.url = gone
    with pytest.raises(ModelUnavailable, match=r"cannot be reached .*is the server running\?"):
        ask(chat(servant, times))
    assert len(times.slept) == 4


def test_a_server_that_stalls_is_given_up_by_the_read_limit(servant: Servant, times: Times) -> None:
    servant.replies = [stalling]
    with pytest.raises(ModelUnavailable, match=r"did not answer in time .*read_s"):
        ask(chat(servant, times, limits=EndpointLimits(read_s=0.1, retries=1)))
    assert len(servant.asked) == 2


def test_an_answer_that_trickles_is_given_up_at_the_deadline(servant: Servant, times: Times) -> None:
    def late(handler: Any) -> None:
        times.now += 400
        answering(CALM)(handler)

    servant.replies = [late]
    with pytest.raises(ModelUnavailable, match=r"was still answering at the deadline .*deadline_s"):
        ask(chat(servant, times))


def test_an_answer_that_breaks_off_is_asked_for_again(servant: Servant, times: Times) -> None:
    servant.replies = [breaking_off, answering(CALM)]
    assert ask(chat(servant, times)).value == {"mood": "calm"}
    assert len(times.slept) == 1


def test_a_page_instead_of_json_points_to_the_address(servant: Servant, times: Times) -> None:
    servant.replies = [lambda handler: handler.say(200, b"<html>Welcome</html>")]
    with pytest.raises(ModelUnavailable, match=r"no JSON object .*check the option base_url"):
        ask(chat(servant, times))


def test_a_huge_answer_is_not_read_to_its_end(servant: Servant, times: Times) -> None:
    servant.replies = [lambda handler: handler.say(200, b" " * 300_000)]
    with pytest.raises(ModelError, match=r"more than 100,000 bytes.*answer_mib"):
        ask(chat(servant, times, limits=EndpointLimits(answer_bytes=100_000)))


@pytest.mark.parametrize(
    ("status", "remedy"),
    [(401, "REELWISE_LANGUAGE_API_KEY is wrong or missing"), (403, "may not use this model"), (404, "option model")],
)
def test_a_refusal_that_somebody_has_to_mend_is_not_tried_again(
    servant: Servant, times: Times, status: int, remedy: str
) -> None:
    servant.replies = [refusing(status, "nope")]
    with pytest.raises(EndpointMisconfigured, match=f"answered {status}: nope; .*{remedy}"):
        ask(chat(servant, times))
    assert len(servant.asked) == 1


def test_a_request_at_fault_is_refused_with_the_servers_words(servant: Servant, times: Times) -> None:
    servant.replies = [refusing(400, "the prompt is longer than the context")]
    with pytest.raises(RequestRefused, match="longer than the context"):
        ask(chat(servant, times))
    assert times.slept == []


def test_the_key_goes_to_the_server_and_nowhere_else(
    servant: Servant, times: Times, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("MY_KEY", KEY)
    servant.replies = [refusing(429, f"too many requests of {KEY}"), refusing(401, f"incorrect key {KEY}")]
    with pytest.raises(EndpointMisconfigured) as caught:
        ask(chat(servant, times, key_variable="MY_KEY"))
    assert servant.headers[-1]["Authorization"] == f"Bearer {KEY}"
    assert "incorrect key ***; the key in MY_KEY is wrong" in str(caught.value)
    assert KEY not in caplog.text


def test_a_wrong_model_name_is_told_with_those_that_are_there(servant: Servant, times: Times) -> None:
    servant.models = ["qwen3-vl:8b", "llama"]
    with pytest.raises(EndpointMisconfigured, match=r"has no model 'm'; it has qwen3-vl:8b, llama\. Set the profile's"):
        ask(chat(servant, times))
    assert servant.asked == []


def test_a_server_without_a_list_of_models_is_asked_all_the_same(servant: Servant, times: Times) -> None:
    servant.models = None
    assert ask(chat(servant, times)).value == {"mood": "calm"}


def test_a_server_that_refuses_schemas_is_told_them_in_words_and_that_is_said(
    servant: Servant, times: Times, caplog: pytest.LogCaptureFixture
) -> None:
    servant.replies = [without_schemas(answering("```json\n" + CALM + "\n```"))]
    engine = chat(servant, times)
    first, second = ask(engine), ask(engine)
    assert first.value == second.value == {"mood": "calm"}
    assert first.notes == ("m is not held to the JSON schema by its server; its answer was checked",)
    assert "does not hold answers to a JSON schema: it refuses requests with one" in caplog.text
    refused, told, again = servant.asked
    assert "response_format" in refused
    assert "response_format" not in told
    # From then on the schema is in the words at once.
    assert json.dumps(SCHEMA, separators=(",", ":")) in again["messages"][0]["content"]


def test_a_server_that_ignores_the_schema_is_told_what_was_wrong(servant: Servant, times: Times) -> None:
    servant.replies = [answering("Sure! It is calm."), answering('{"mood": "gloomy"}'), answering(CALM)]
    answer = ask(chat(servant, times))
    assert answer.value == {"mood": "calm"}
    assert (answer.prompt_tokens, answer.completion_tokens) == (30, 15)
    assert answer.notes[0].endswith("and asked for again 2 times")
    last = servant.asked[-1]["messages"]
    assert "it is no JSON" in last[-3]["content"]
    assert "'gloomy' is not one of" in last[-1]["content"]


def test_answers_that_never_fit_end_after_the_repairs(servant: Servant, times: Times) -> None:
    servant.replies = [answering('{"mood": "gloomy"}')]
    with metering() as meter, pytest.raises(ModelError, match=r"gave no usable answer: .*\$\.mood: 'gloomy'"):
        ask(chat(servant, times, repairs=1))
    assert len(servant.asked) == 2
    assert meter.prompt_tokens == 20  # what was spent in vain was spent


def test_where_a_schema_is_required_a_refusal_is_an_error(servant: Servant, times: Times) -> None:
    servant.replies = [without_schemas(answering(CALM))]
    with pytest.raises(RequestRefused, match="response_format is not supported here"):
        ask(chat(servant, times, json_schema="required"))


def test_an_answer_cut_off_is_no_answer(servant: Servant, times: Times) -> None:
    servant.replies = [answering('{"mood": "ca', finish="length")]
    with pytest.raises(ModelError, match=r"did not finish within 64 tokens.*context length"):
        ask(chat(servant, times))


def test_thoughts_are_left_out_and_a_model_that_only_thinks_gets_the_remedy(servant: Servant, times: Times) -> None:
    servant.replies = [answering(f"<think>rain is calm</think>\n{CALM}")]
    assert ask(chat(servant, times, thinking="off")).value == {"mood": "calm"}
    assert servant.asked[0]["chat_template_kwargs"] == {"enable_thinking": False}
    servant.replies = [answering(None, finish="length", reasoning_content="rain ...")]
    with pytest.raises(ModelError, match="set the option thinking to off"):
        ask(chat(servant, times))


def test_a_refusal_of_the_model_is_told(servant: Servant, times: Times) -> None:
    servant.replies = [answering(None, refusal="I cannot describe this.")]
    with pytest.raises(ModelError, match="refused to answer: I cannot describe this"):
        ask(chat(servant, times))


@pytest.mark.parametrize("odd", [{}, {"choices": {}, "usage": []}, {"choices": [{"message": "hi"}], "usage": {}}])
def test_an_answer_of_another_shape_is_unusable_and_no_crash(servant: Servant, times: Times, odd: Any) -> None:
    servant.replies = [lambda handler: handler.say(200, odd)]
    with pytest.raises(ModelError, match="gave no usable answer: it is no JSON"):
        ask(chat(servant, times, repairs=0))


def test_frames_go_along_as_small_jpegs(servant: Servant, times: Times) -> None:
    frame = np.zeros((1280, 720, 3), np.uint8)
    frame[..., 0] = 255
    ask(chat(servant, times, image_side=320), images=[frame, frame])
    text, first, _ = servant.asked[0]["messages"][-1]["content"]
    assert text == {"type": "text", "text": "S1: rain"}
    kind, _, packed = first["image_url"]["url"].partition(",")
    picture = Image.open(io.BytesIO(base64.b64decode(packed)))
    assert (kind, picture.size) == ("data:image/jpeg;base64", (180, 320))
    red, green, blue = picture.getpixel((90, 160))
    assert red > 240
    assert max(green, blue) < 15


def test_frames_beyond_the_size_limit_are_an_error_with_the_options(servant: Servant, times: Times) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (500, 500, 3), dtype=np.uint8)
    with pytest.raises(ModelError, match=r"2 images of 0\.\d MiB are more than images_mib allows .*image_side"):
        ask(chat(servant, times, images_mib=0.1), images=[noise, noise])


def test_a_model_that_sees_nothing_is_a_mistake_of_the_profile(servant: Servant, times: Times) -> None:
    servant.replies = [refusing(500, "image input is not supported - hint: you may need to provide the mmproj")]
    with pytest.raises(EndpointMisconfigured, match=r"serve a vision-language model .*asking\.images"):
        ask(chat(servant, times), images=[np.zeros((8, 8, 3), np.uint8)])
    assert times.slept == []


def test_no_more_calls_run_at_once_than_the_limit_says(servant: Servant, times: Times) -> None:
    lock, most, now = threading.Lock(), [0], [0]

    def counted(handler: Any) -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        threading.Event().wait(0.05)
        with lock:
            now[0] -= 1
        answering(CALM)(handler)

    servant.replies = [counted]
    engine = chat(servant, times, limits=EndpointLimits(concurrency=2))
    threads = [threading.Thread(target=ask, args=(engine,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(servant.asked) == 6
    assert most[0] == 2


def test_the_environment_says_where_the_server_is(monkeypatch: pytest.MonkeyPatch, servant: Servant) -> None:
    options = OpenAiOptions(model="m")
    assert endpoint_of(options).url == "http://127.0.0.1:8000/v1"
    monkeypatch.setenv("REELWISE_LANGUAGE_BASE_URL", servant.url.removesuffix("/v1"))
    assert endpoint_of(options).url == servant.url
    assert probe(options) == f"{servant.url} answers and has m"


@pytest.mark.parametrize(
    "url", ["gpu-box:8000", "http://host:port/v1", f"http://me:{KEY}@host/v1", f"https://host/v1?key={KEY}"]
)
def test_an_address_that_is_none_or_holds_a_key_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(EndpointMisconfigured, match="without a user or a query") as caught:
        endpoint_of(OpenAiOptions(model="m", base_url=url))
    assert KEY not in str(caught.value)
