"""What goes along with a message survives its loss."""

from __future__ import annotations

from types import SimpleNamespace

from services.telemetry.carrier import REQUEST, carrying, outgoing, received
from services.telemetry.work import lane_run


def test_a_message_that_is_told_again_carries_what_the_first_did() -> None:
    with carrying({REQUEST: "r1"}):
        assert outgoing("video-1") == {REQUEST: "r1"}
    assert outgoing("video-1") == {REQUEST: "r1"}
    assert outgoing("video-2") == {}


def test_the_next_lane_gets_what_the_message_brought() -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with received(SimpleNamespace(traceparent=trace, reelwise_request_id="r2", other="x"), "t1"):
        assert outgoing("video-3") == {"traceparent": trace, REQUEST: "r2"}


def test_lanes_of_a_message_without_a_trace_are_one_trace(spans) -> None:
    carried: dict[str, str] = {}
    for lane in ("prepare", "perceive", "describe"):
        with received(SimpleNamespace(**carried), "t"):
            with lane_run("video-4", lane):
                pass
            carried = outgoing("video-4")
    assert len({span.context.trace_id for span in spans}) == 1
    assert [span.parent and span.parent.span_id for span in spans] == [None, *[spans[0].context.span_id] * 2]
