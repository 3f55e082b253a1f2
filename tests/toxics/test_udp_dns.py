"""A truncated answer is one that resolvers understand, and nothing that is no answer is touched."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackstart.toxics.udp_dns import truncated


def answer() -> dns.message.Message:
    query = dns.message.make_query("payments.blackstart.test.", "A", use_edns=True)
    made = dns.message.make_response(query)
    made.answer.append(
        dns.rrset.from_text("payments.blackstart.test.", 60, "IN", "A", "127.0.0.1", "127.0.0.2")
    )
    made.authority.append(dns.rrset.from_text("blackstart.test.", 60, "IN", "NS", "ns.blackstart.test."))
    return made


def test_it_keeps_the_question_and_sets_tc() -> None:
    before = answer()
    after = dns.message.from_wire(truncated(before.to_wire()))
    assert after.flags == before.flags | dns.flags.TC
    assert (after.id, after.question) == (before.id, before.question)
    assert (after.answer, after.authority, after.additional) == ([], [], [])


def test_a_question_is_left_alone() -> None:
    query = dns.message.make_query("payments.blackstart.test.", "A").to_wire()
    assert truncated(query) == query


def test_an_answer_without_a_question() -> None:
    wire = answer().to_wire()
    bare = wire[:4] + bytes(8)
    assert truncated(bare) == bare[:2] + bytes([wire[2] | 0x02, wire[3]]) + bytes(8)


@pytest.mark.parametrize("size", range(12, 12 + 26 + 4))
def test_an_answer_that_ends_within_its_question_is_left_alone(size: int) -> None:
    wire = answer().to_wire()[:size]
    assert truncated(wire) == wire


def test_a_name_that_is_a_pointer() -> None:
    """No server writes the question so; one that would is understood."""
    wire = answer().to_wire()
    odd = wire[:12] + b"\xc0\x0c" + b"\x00\x01\x00\x01" + b"rest"
    assert truncated(odd)[12:] == b"\xc0\x0c\x00\x01\x00\x01"


@given(st.binary(max_size=600))
def test_any_bytes_are_survived(data: bytes) -> None:
    after = truncated(data)
    assert len(after) <= len(data)
    assert truncated(after) == after
