from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress

import dns.flags
import dns.message
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackstart.replica.programs.dnsclient import DnsError, ask, find_service, parse, query

NAME = "_vault._tcp.platform.test"


def reply(*answers: str, extra: tuple[str, ...] = (), flags: int = 0, rcode: int = 0) -> dns.message.Message:
    """An answer as dnspython, which knows the format better than we do, makes it."""
    question = dns.message.make_query(NAME, "SRV")
    answer = dns.message.make_response(question)
    answer.flags |= flags
    answer.set_rcode(rcode)  # type: ignore[arg-type] # it takes any number
    for section, texts in ((answer.answer, answers), (answer.additional, extra)):
        for text in texts:
            name, ttl, kind, value = text.split(maxsplit=3)
            section.append(dns.rrset.from_text(name, int(ttl), "IN", kind, value))
    return answer


@given(st.lists(st.from_regex(r"[a-z0-9_-]{1,20}", fullmatch=True), min_size=1, max_size=5))
def test_a_question_is_what_dnspython_reads(labels: list[str]) -> None:
    name = ".".join(labels)
    read = dns.message.from_wire(query(name, "SRV", 4242))
    assert read.id == 4242
    assert read.flags & dns.flags.RD
    assert read.question[0].name.to_text() == name + "."
    assert read.question[0].rdtype == 33


def test_every_type_is_read_as_dnspython_writes_it() -> None:
    texts = [
        f"{NAME}. 30 SRV 0 5 8200 vault.platform.test.",
        "a.test. 1 A 127.0.0.1",
        "a.test. 2 AAAA ::1",
        "a.test. 3 NS ns1.test.",
        "a.test. 4 CNAME b.test.",
        "a.test. 5 SOA ns1.test. hostmaster.test. 1 2 3 4 5",
        'a.test. 6 TXT "one two" "three"',
    ]
    answer = parse(reply(*texts).to_wire())
    seen = [f"{r.name} {r.ttl} {r.type} {r.value}" for r in answer.answers]
    assert seen == texts


def test_flags_and_rcode() -> None:
    answer = parse(reply(flags=dns.flags.AA | dns.flags.TC, rcode=3).to_wire())
    assert (answer.authoritative, answer.truncated, answer.rcode) == (True, True, "NXDOMAIN")
    assert parse(reply(rcode=2).to_wire()).rcode == "SERVFAIL"


def test_an_unknown_type_is_kept_as_hex() -> None:
    answer = parse(reply("a.test. 1 CAA 0 issue x").to_wire())
    assert answer.answers[0].type == "TYPE257"
    assert bytes.fromhex(answer.answers[0].value)


@given(st.binary(max_size=200))
def test_rubbish_is_a_dns_error_if_any(packet: bytes) -> None:
    with suppress(DnsError):
        parse(packet)


@given(st.data())
def test_a_cut_answer_is_an_error_or_shorter(data: st.DataObject) -> None:
    whole = reply(f"{NAME}. 30 SRV 0 5 8200 vault.platform.test.").to_wire()
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with pytest.raises(DnsError):
        parse(cut)


def test_a_name_that_points_at_itself_is_an_error() -> None:
    header = struct.pack(">HHHHHH", 1, 0x8000, 1, 0, 0, 0)
    with pytest.raises(DnsError, match="loops"):
        parse(header + b"\xc0\x0c" + b"\0\x21\0\x01")


def one_port_for_both() -> tuple[socket.socket, socket.socket]:
    """A UDP and a TCP socket of one number: a number free for one may be taken for the other."""
    while True:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        try:
            return udp, socket.create_server(udp.getsockname())
        except OSError:
            udp.close()


class Nameserver:
    """Answers one question after another with what it is given, over UDP and TCP."""

    def __init__(self, *answers: dns.message.Message) -> None:
        self.udp, self.tcp = one_port_for_both()
        self.address: tuple[str, int] = self.udp.getsockname()
        self.asked: list[str] = []
        self._answers = iter(answers)
        self._threads = [
            threading.Thread(target=each, daemon=True) for each in (self._serve_udp, self._serve_tcp)
        ]
        for thread in self._threads:
            thread.start()

    def _answer(self, packet: bytes) -> bytes:
        question = dns.message.from_wire(packet)
        self.asked.append(question.question[0].to_text())
        answer = next(self._answers)
        answer.id = question.id
        return answer.to_wire()

    def _serve_udp(self) -> None:
        while True:
            packet, peer = self.udp.recvfrom(65535)
            if not packet:
                return
            self.udp.sendto(self._answer(packet), peer)

    def _serve_tcp(self) -> None:
        while True:
            connection, _ = self.tcp.accept()
            with connection, connection.makefile("rb") as stream:
                if not (length := stream.read(2)):
                    return
                wire = self._answer(stream.read(int.from_bytes(length, "big")))
                connection.sendall(struct.pack(">H", len(wire)) + wire)

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.sendto(b"", self.address)
        socket.create_connection(self.address).close()
        for thread in self._threads:
            thread.join()
        self.udp.close()
        self.tcp.close()


@pytest.fixture
def nameservers() -> Iterator[list[Nameserver]]:
    made: list[Nameserver] = []
    yield made
    for each in made:
        each.close()


def test_a_service_and_its_address_come_together(nameservers: list[Nameserver]) -> None:
    srv = (f"{NAME}. 30 SRV 10 0 1 far.test.", f"{NAME}. 30 SRV 0 0 8200 vault.test.")
    nameservers.append(Nameserver(reply(*srv, extra=("vault.test. 30 A 127.0.0.9",))))
    found = find_service(nameservers[0].address, NAME, timeout_s=30)
    assert found == ("127.0.0.9", 8200), "the least priority first"


def test_an_address_that_did_not_come_is_asked_for(nameservers: list[Nameserver]) -> None:
    srv = reply(f"{NAME}. 30 SRV 0 0 8200 vault.test.")
    nameservers.append(Nameserver(srv, reply("vault.test. 30 A 127.0.0.9")))
    assert find_service(nameservers[0].address, NAME, timeout_s=30) == ("127.0.0.9", 8200)
    assert nameservers[0].asked == [f"{NAME}. IN SRV", "vault.test. IN A"]


def test_a_cut_answer_is_asked_for_again_over_tcp(nameservers: list[Nameserver]) -> None:
    whole = reply(f"{NAME}. 30 SRV 0 0 8200 vault.test.")
    nameservers.append(Nameserver(reply(flags=dns.flags.TC), whole))
    answer = ask(nameservers[0].address, NAME, "SRV", timeout_s=30)
    assert [record.value for record in answer.answers] == ["0 0 8200 vault.test."]


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([reply(rcode=3)], f"NXDOMAIN {NAME}"),
        ([reply(rcode=2)], f"SERVFAIL {NAME}"),
        ([reply()], f"no SRV record for {NAME}"),
        ([reply(f"{NAME}. 30 SRV 0 0 1 x.test."), reply()], "no address for x.test."),
    ],
)
def test_what_is_not_found_says_so(
    nameservers: list[Nameserver], answers: list[dns.message.Message], reason: str
) -> None:
    nameservers.append(Nameserver(*answers))
    with pytest.raises(DnsError) as seen:
        find_service(nameservers[0].address, NAME, timeout_s=30)
    assert str(seen.value) == reason


def test_a_closed_port_is_refused_at_once() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        address = closed.getsockname()
    with pytest.raises(ConnectionRefusedError):
        ask(address, NAME, "SRV", timeout_s=30)
