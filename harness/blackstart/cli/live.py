"""A drill as it runs: a live board on a terminal, plain lines in a pipe. Told of every event; changes nothing."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from blackstart import events as ev

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from blackstart.drill.signals import Signals
    from blackstart.protocol import Protocol

__all__ = ["Board", "Lines", "View", "view"]


def clock_text(drill_s: float) -> str:
    """Drill seconds as H:MM:SS."""
    whole = int(drill_s)
    return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"


def line_of(event: ev.Event) -> str:
    """One event in plain words; an empty text for one that a watcher need not see."""
    match event.body:
        case ev.StageEntered(stage=stage):
            return f"stage {stage}"
        case ev.FaultEffective(fault=fault, probe=probe):
            return f"fault {fault} took effect: {probe} is red"
        case ev.FaultSkipped(fault=fault, why=why):
            return f"fault {fault} is left out: {why}"
        case ev.FaultMoved(fault=fault, step=step):
            return f"fault {fault}: {step}"
        case ev.FaultReinjected(fault=fault):
            return f"fault {fault} is injected again"
        case ev.DrillResumed():
            return "the drill goes on"
        case ev.FaultProven(fault=fault, probe=probe):
            return f"fault {fault} is healed: {probe} is green"
        case ev.FaultUnproven(fault=fault, why=why):
            return f"fault {fault} may remain: {why}"
        case ev.ProbeChanged(probe=probe, state=state, reason=reason):
            return f"probe {probe} is {state}" + (f": {reason}" if reason else "")
        case ev.PageDelivered(to=to, tier=tier):
            return f"page delivered to {to} (tier {tier})"
        case ev.PageAcked(by=by):
            return f"page acknowledged by {by}"
        case ev.ThreadPosted(channel=channel, text=text):
            return f"{event.actor} in {channel}: {' / '.join(text.shown.split(chr(10)))}"
        case ev.StatusPosted(phase=phase):
            return f"{event.actor} on the status page: {phase}"
        case ev.CommandStarted(line=line):
            return f"{event.actor} $ {line.shown}"
        case ev.CommandFinished(exit_code=code) if code:
            return f"{event.actor}   exit code {code}"
        case ev.DrillEnded(reason=reason, why=why):
            return f"over: {reason}" + (f" ({why})" if why else "")
        case _:
            return ""


class View:
    """A view that shows nothing: for --json, and the base of the others."""

    def on_event(self, event: ev.Event) -> None:
        """Called with every event, in order."""

    def progress(self, what: str, done: int, total: int) -> None:
        """Called while the replica's parts are fetched and started."""

    def hands(self, signals: Signals) -> AbstractContextManager[None]:
        """What lets a watcher end the drill; nothing here but the system's own signals."""
        return nullcontext()

    def say(self, text: str) -> None:
        """A word from the harness to whoever watches."""
        print(f"blackstart: {text}", file=sys.stderr)  # noqa: T201  # from a signal handler: nothing else is safe


class Lines(View):
    """One plain line an event, for pipes and logs."""

    def __init__(self) -> None:
        self._last = ""
        self._states: dict[str, str] = {}

    def on_event(self, event: ev.Event) -> None:
        if isinstance(event.body, ev.ProbeChanged) and self._first_green(event.body):
            return
        if line := line_of(event):
            self._print(f"{clock_text(event.drill_s)}  {line}")

    def _print(self, line: str) -> None:
        print(line, flush=True)  # noqa: T201  # this is the output; `cli.output` bears a reader that has gone

    def _first_green(self, change: ev.ProbeChanged) -> bool:
        first = change.probe not in self._states
        self._states[change.probe] = change.state
        return first and change.state == "green"

    def progress(self, what: str, done: int, total: int) -> None:
        if what != self._last:
            self._last = what
            self._print(f"{'':8} {what}")


@dataclass
class _Seen:
    """What the board shows, gathered from events."""

    drill: str = ""
    stage: str = ""
    drill_s: float = 0.0
    jumps: int = 0
    probes: dict[str, tuple[str, str]] = field(default_factory=dict)
    messages: deque[str] = field(default_factory=lambda: deque(maxlen=8))
    commands: deque[str] = field(default_factory=lambda: deque(maxlen=4))
    status: str = "-"
    pager: str = "-"


class Board(View):
    """The live board: clock and stage, probes, who holds which role, the thread, the terminal."""

    def __init__(self, console: Console, protocol: Protocol) -> None:
        from blackstart.people.roles import Roles

        self._console = console
        self._thread = protocol.thread.name
        self._roles = Roles(protocol)
        self._seen = _Seen()
        self._progress = ("", 0, 0)
        self._asking = False

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Draw the board for the length of the block; it stays on the screen as it was at the end."""
        from rich.live import Live

        with Live(get_renderable=self._draw, console=self._console, refresh_per_second=8):
            yield

    def progress(self, what: str, done: int, total: int) -> None:
        self._progress = (what, done, total)

    def hands(self, signals: Signals) -> AbstractContextManager[None]:
        """The key `a`, pressed twice, aborts the drill; the first time the board asks."""
        from blackstart.cli.keys import pressed

        return pressed(lambda key: self._on_key(key, signals))

    def _on_key(self, key: str, signals: Signals) -> None:
        if key != "a":
            self._asking = False
        elif self._asking:
            signals.ask("the key a", "key")
        else:
            self._asking = True

    def on_event(self, event: ev.Event) -> None:
        seen = self._seen
        seen.drill_s = event.drill_s
        self._roles.on_event(event)
        match event.body:
            case ev.DrillOpened(drill=drill):
                seen.drill = drill
            case ev.StageEntered(stage=stage):
                seen.stage = stage
            case ev.ClockJumped():
                seen.jumps += 1
            case ev.ProbeChanged(probe=probe, state=state, reason=reason):
                seen.probes[probe] = (state, reason)
            case ev.ThreadPosted(channel=channel, text=text):
                first = text.shown.strip().split("\n")[0]
                where = "" if channel == self._thread else f" in {channel}"
                seen.messages.append(f"{clock_text(event.drill_s)} {event.actor}{where}: {first}")
            case ev.CommandStarted(line=line):
                seen.commands.append(f"{clock_text(event.drill_s)} {event.actor} $ {line.shown}")
            case ev.StatusPosted(phase=phase):
                seen.status = phase
            case ev.PageDelivered(to=to):
                seen.pager = f"delivered to {to}"
            case ev.PageAcked(by=by):
                seen.pager = f"acknowledged by {by}"
            case _:
                pass

    def _draw(self) -> RenderableType:
        from rich.console import Group
        from rich.rule import Rule
        from rich.text import Text

        seen = self._seen
        head = f"{seen.drill or 'drill'}   {clock_text(seen.drill_s)}   {seen.stage}"
        if seen.jumps:
            head += f"   {seen.jumps} jump{'' if seen.jumps == 1 else 's'}"
        roles = "  ".join(f"{role}: {who}" for role, who in self._roles.holders().items()) or "nobody yet"
        parts: list[RenderableType] = [Rule(Text(head, style="bold")), self._probes()]
        if not seen.probes:
            parts.append(self._bar())
        parts += [
            _row("roles", roles),
            _row("pager", seen.pager),
            _row("status page", seen.status),
            Rule(Text("thread", style="dim"), style="dim"),
            *(_cut(line) for line in seen.messages),
            Rule(Text("terminal", style="dim"), style="dim"),
            *(_cut(line) for line in seen.commands),
            Text(self._hint(), style="bold yellow" if self._asking else "dim"),
        ]
        return Group(*parts)

    def _hint(self) -> str:
        """The last line: what a watcher can do."""
        return "press a again to abort the drill, any other key to go on" if self._asking else "a: abort"

    def _probes(self) -> RenderableType:
        from rich.text import Text

        colours = {"green": "green", "red": "bold red", "missing": "yellow"}
        marks = {"green": "+", "red": "x", "missing": "?"}  # readable without colours
        text = Text()
        for name, (state, reason) in self._seen.probes.items():
            shown = f"{marks[state]} {name}" + (f" ({reason})" if state == "red" and reason else "")
            text.append(shown + "   ", style=colours[state])
        return text

    def _bar(self) -> RenderableType:
        from rich.progress_bar import ProgressBar
        from rich.table import Table

        what, done, total = self._progress
        grid = Table.grid(padding=(0, 1))
        grid.add_row(what, ProgressBar(total=total or None, completed=done, pulse=not total, width=30))
        return grid


def _row(name: str, value: str) -> RenderableType:
    from rich.text import Text

    return Text.assemble((f"{name:<12}", "dim"), value)


def _cut(line: str) -> RenderableType:
    from rich.text import Text

    return Text(line, no_wrap=True, overflow="ellipsis")


@contextmanager
def view(protocol: Protocol, *, silent: bool) -> Iterator[View]:
    """The view that fits: nothing when silent, the board on a terminal, else plain lines."""
    if silent:
        yield View()
    elif not sys.stdout.isatty():
        yield Lines()
    else:
        from rich.console import Console

        board = Board(Console(), protocol)
        with board.shown():
            yield board
