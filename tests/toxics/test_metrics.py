from __future__ import annotations

from typing import TYPE_CHECKING

from blackstart.toxics.metrics import render

if TYPE_CHECKING:
    from tests.toxics.conftest import Wire


def test_what_was_carried_is_there_while_the_connection_is_open(wire: Wire) -> None:
    wire.proxy.listen, wire.proxy.upstream = "127.0.0.1:1", "127.0.0.1:2"
    wire.add("noop")
    wire.client.send(b"x" * 10)
    wire.server.send(b"y" * 20)
    wire.turn()
    lines = render([wire.proxy]).splitlines()
    labels = 'listener="127.0.0.1:1",proxy="one",upstream="127.0.0.1:2"'
    for way in ("received", "sent"):
        for stream, size in (("upstream", 10), ("downstream", 20)):
            assert f'toxiproxy_proxy_{way}_bytes_total{{direction="{stream}",{labels}}} {size}' in lines
    assert (
        'blackstart_proxy_toxics{proxy="one",stream="downstream",toxic="noop_downstream",type="noop"} 1'
        in lines
    )
    assert 'blackstart_proxy_enabled{proxy="one"} 0' in lines


def test_each_name_has_its_help_and_type_once(wire: Wire) -> None:
    text = render([wire.proxy])
    names = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert len(names) == len(set(names)) == text.count("# HELP")
    assert text.endswith("\n")


def test_names_are_escaped(wire: Wire) -> None:
    wire.proxy.name = 'a"b\\c'
    assert 'proxy="a\\"b\\\\c"' in render([wire.proxy])
