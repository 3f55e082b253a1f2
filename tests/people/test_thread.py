"""Messages: the incident thread, teams' channels, direct messages, pins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from blackstart.errors import UsageError
from blackstart.events import ThreadPinned, ThreadPosted
from blackstart.people.thread import MAX_CHARS, Threads

if TYPE_CHECKING:
    from tests.people.conftest import Stage


@pytest.fixture
def threads(stage: Stage) -> Threads:
    return Threads(stage.emit)


def test_a_persons_words_stay_as_written(stage: Stage, threads: Threads) -> None:
    assert threads.post("ic-1", "incident", "I'm IC\n\ton it") == "m-1"
    event = stage.of("thread.posted")[0]
    assert isinstance(event.body, ThreadPosted)
    assert (event.body.text.text, event.body.bot, event.body.channel) == (
        "I'm IC\n\ton it",
        False,
        "incident",
    )
    assert (event.actor, event.source) == ("ic-1", "thread")


@pytest.mark.parametrize("text", ["Is it us?", "[DRILL] Is it us?"])
def test_a_scripted_message_carries_the_mark_once(stage: Stage, threads: Threads, text: str) -> None:
    threads.post_scripted("payments", "#payments", text)
    event = stage.of("thread.posted")[0]
    assert isinstance(event.body, ThreadPosted)
    assert (event.body.text.text, event.body.bot, event.actor) == ("[DRILL] Is it us?", True, "payments")


@pytest.mark.parametrize("text", ["[DRILL]Is it us?", " [DRILL] Is it us?", "[drill] Is it us?"])
def test_nothing_that_only_looks_like_the_mark_stands_for_it(threads: Threads, text: str) -> None:
    threads.post_scripted("payments", "#payments", text)
    assert threads.message("m-1").text == f"[DRILL] {text}"


def test_channels_are_apart_and_messages_in_order(threads: Threads) -> None:
    for channel in ("incident", "#payments", "incident", "@sme-1"):
        threads.post("ic-1", channel, "word")
    assert [m.id for m in threads.messages("incident")] == ["m-1", "m-3"]
    assert [m.id for m in threads.messages()] == ["m-1", "m-2", "m-3", "m-4"]


def test_a_reply_names_what_it_answers(stage: Stage, threads: Threads) -> None:
    asked = threads.post_scripted("payments", "#payments", "Is it us?")
    threads.post("comms-1", "#payments", "No", reply_to=asked)
    answer = stage.of("thread.posted")[1].body
    assert isinstance(answer, ThreadPosted)
    assert answer.reply_to == asked


def test_a_message_is_pinned_where_it_stands_once(stage: Stage, threads: Threads) -> None:
    threads.post("ic-1", "incident", "acknowledged")
    threads.pin("sme-1", "m-1")
    threads.pin("ic-1", "m-1")
    assert [(e.actor, e.body) for e in stage.of("thread.pinned")] == [
        ("sme-1", ThreadPinned("m-1", "incident"))
    ]
    assert [m.id for m in threads.pinned()] == ["m-1"]


def test_what_is_not_there_is_refused(stage: Stage, threads: Threads) -> None:
    threads.post("ic-1", "incident", "word")
    with pytest.raises(UsageError, match=r"^there is no message 'm-7'$") as raised:
        threads.pin("ic-1", "m-7")
    assert raised.value.hint == "the last one is m-1"
    with pytest.raises(UsageError, match=r"^there is no message 'm-7'$"):
        threads.post("ic-1", "incident", "word", reply_to="m-7")
    assert len(stage.history.events) == 1


@pytest.mark.parametrize("channel", ["payments", "", "#", "@", "Incident"])
def test_a_channel_that_cannot_be_is_refused(threads: Threads, channel: str) -> None:
    with pytest.raises(UsageError, match=r"^a message goes to a channel, saw ") as raised:
        threads.post("ic-1", channel, "word")
    assert raised.value.hint == "write incident, #team or @person"


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_an_empty_message_is_refused(threads: Threads, text: str) -> None:
    with pytest.raises(UsageError, match=r"^the message is empty$"):
        threads.post("ic-1", "incident", text)


def test_a_message_has_an_end(threads: Threads) -> None:
    threads.post("ic-1", "incident", "x" * MAX_CHARS)
    with pytest.raises(UsageError, match=r"^the message has 10,001 characters, at most 10,000 are allowed$"):
        threads.post("ic-1", "incident", "x" * (MAX_CHARS + 1))
