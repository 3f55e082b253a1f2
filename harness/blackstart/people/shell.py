"""Terminal evidence: a participant's shell against the replica, each command on record, the whole as a cast."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from blackstart.errors import ReplicaError, UsageError
from blackstart.events import CommandFinished, CommandStarted, FreeText, ShellOpened
from blackstart.people.cast import Cast
from blackstart.people.screen import Capture
from blackstart.people.terminal import COLUMNS, ROWS, Terminal

if TYPE_CHECKING:
    from blackstart.clock import TimeSource
    from blackstart.people.base import Emit
    from blackstart.replica.base import ShellSpec

__all__ = ["INTERRUPTED", "KILLED", "CommandResult", "RecordedShell"]

INTERRUPTED = 124
"""Exit code of a command that did not end in time and ended at Ctrl-C (as `timeout` has it)."""

KILLED = 137
"""Exit code of a command that did not end at Ctrl-C either and was killed (128 + SIGKILL)."""

OUTPUT_CHARS = 4000
"""As much of the output goes on record, from its end (`events.CommandFinished`)."""

READY_S = 10.0
"""Real seconds for a shell to show its prompt, also after its command was killed, and for a line to be accepted.
Usually some milliseconds."""

GRACE_S = 2.0
"""Real seconds that a command has to end after Ctrl-C, and again a shell that runs one itself."""

MARK_S = 1.0
"""Real seconds for the end mark to arrive on the screen after the hook said that the command has ended."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """How a command went. `output` is the end of what it showed, as plain text; `real_s` by the machine's clock."""

    exit_code: int
    output: str
    real_s: float
    command_id: str


@dataclass(frozen=True, slots=True)
class _Typed:
    """A line that was typed, and how often the shell had said `start` and `prompt` before."""

    terminal: Terminal
    capture: Capture
    starts: int
    prompts: int

    def started(self) -> bool:
        """The shell is about to run it. An empty line, a remark or an open quote never starts."""
        return self.terminal.starts > self.starts

    def prompted(self) -> bool:
        """The shell asks for the next line."""
        return self.terminal.prompts > self.prompts

    def taken(self) -> bool:
        return self.started() or self.prompted()

    def await_end(self, timeout_s: float) -> int:
        """Let it run; the exit code, by whichever way it ends."""
        terminal = self.terminal
        if self.started():
            terminal.go()
        if self._prompted_within(timeout_s if self.taken() else 0.0):
            return terminal.last_exit
        if terminal.exit_code is not None:
            return terminal.exit_code
        terminal.interrupt()
        if self._prompted_within(GRACE_S):
            return INTERRUPTED
        patience_s = READY_S if terminal.kill_foreground() else GRACE_S
        if not self._prompted_within(patience_s):
            terminal.kill()
        return KILLED

    def _prompted_within(self, limit_s: float) -> bool:
        """Whether the shell came back to its prompt; then all of the output is there too."""
        if not self.terminal.wait(self.prompted, limit_s):
            return False
        if self.started():
            self.terminal.wait(lambda: self.capture.ended, MARK_S)
        return True


class RecordedShell:
    """One participant's terminal. It opens at the first command, again after it ended; the owner calls `close`.

    `cast` is where the recording goes and `shown` how the record calls that file. `running` is entered while a
    command is under way: drill time runs there. `time` gives the cast's seconds and the commands' durations.
    The shell and its commands have the environment of `spec` and nothing else. `shells` and `commands` are how many
    of this participant are on record already: a resumed drill counts on from there.
    """

    def __init__(
        self,
        spec: ShellSpec,
        cast: Path,
        participant: str,
        emit: Emit,
        running: Callable[[], AbstractContextManager[None]],
        *,
        time: TimeSource,
        shown: str = "",
        shells: int = 0,
        commands: int = 0,
    ) -> None:
        self._spec = spec
        self._path = cast
        self._shown = shown or cast.name
        self._participant = participant
        self._emit = emit
        self._running = running
        self._time = time
        self._terminal: Terminal | None = None
        self._cast: Cast | None = None
        self._capture: Capture | None = None
        self._shells = shells
        self._commands = commands

    def run(self, line: str, timeout_s: float) -> CommandResult:
        """Type one command and wait for its end, at most `timeout_s` real seconds before Ctrl-C.

        A line may have newlines, quotes, here-documents. When the command ends the shell (`exit`), its exit code is
        the shell's. Errors: UsageError for a line with a NUL; ReplicaError when no shell can be had.
        """
        keys = _keys(line)
        typed = self._type(keys, min(READY_S, timeout_s))
        command = self._note_start(line)
        began = self._time.now()
        with self._running():
            code = typed.await_end(timeout_s)
            real_s = round(self._time.now().seconds_since(began), 6)
            result = CommandResult(code, typed.capture.text()[-OUTPUT_CHARS:], real_s, command)
            output = FreeText.of(result.output)
            self._record(CommandFinished(command, self._shell_id, code, real_s, output))
        self._recording.flush()
        return result

    def close(self) -> None:
        """End the shell, whatever runs in it, and the recording. Closing again does nothing."""
        if self._terminal is not None:
            self._terminal.close()
        if self._cast is not None:
            self._cast.close()

    # --- one command ----------------------------------------------------------------------------

    def _type(self, keys: bytes, limit_s: float) -> _Typed:
        """Type a line and wait until the shell has taken it."""
        terminal = self._ready()
        self._capture = Capture(terminal.start_mark, terminal.end_mark)
        typed = _Typed(terminal, self._capture, terminal.starts, terminal.prompts)
        terminal.type(keys)
        terminal.wait(typed.taken, limit_s)
        return typed

    def _note_start(self, line: str) -> str:
        """Put a command on record before it may begin. Returns its id."""
        self._commands += 1
        command = f"{self._participant}/c-{self._commands}"
        self._record(CommandStarted(command, self._shell_id, FreeText.of(line)))
        self._recording.marker(line)
        return command

    # --- the shell ------------------------------------------------------------------------------

    def _ready(self) -> Terminal:
        """A shell that waits for a line: the one that is open, or a new one."""
        terminal = self._terminal
        if terminal is not None and terminal.wait(terminal.listening, READY_S):
            return terminal
        if terminal is not None:
            terminal.close()
        return self._open()

    def _open(self) -> Terminal:
        if self._cast is None:
            self._cast = Cast(
                self._path, time=self._time, title=self._participant, columns=COLUMNS, rows=ROWS
            )
        self._capture = None
        self._shells += 1
        terminal = self._terminal = Terminal(self._spec, self._on_output, self._time)
        self._record(ShellOpened(self._shell_id, self._participant, self._shown))
        if not terminal.wait(terminal.listening, READY_S):
            seen = (
                f"it ended with {terminal.exit_code}" if not terminal.alive else f"no prompt in {READY_S:g} s"
            )
            terminal.close()
            raise ReplicaError(
                f"the terminal of {self._participant} does not open: {seen}",
                hint=f"its program is {self._spec.argv[0]}; see the recording {self._shown}",
            )
        return terminal

    @property
    def _shell_id(self) -> str:
        return f"{self._participant}/sh-{self._shells}"

    @property
    def _recording(self) -> Cast:
        if self._cast is None:
            raise RuntimeError("the recording begins with the first shell")
        return self._cast

    def _on_output(self, data: bytes) -> None:
        self._recording.output(data)
        if self._capture is not None:
            self._capture.feed(data)

    def _record(self, body: ShellOpened | CommandStarted | CommandFinished) -> None:
        self._emit(body, actor=self._participant, source="terminal")


def _keys(line: str) -> bytes:
    """What to type for this line: pasted as a whole, so that the line editor takes it literally, then Enter."""
    if "\0" in line:
        raise UsageError(
            "a command cannot have a NUL in it", hint="write it as $'\\x00' where a program takes that"
        )
    text = line if line.isprintable() else f"eval {_quoted(line)}"
    return b"\x1b[200~" + text.encode("utf-8", "surrogateescape") + b"\x1b[201~\r"


def _quoted(line: str) -> str:
    """The line as one word on one line: $'...', with everything but plain characters escaped."""
    escaped = (
        chr(byte) if 0x20 <= byte < 0x7F and byte not in b"'\\" else f"\\x{byte:02x}"
        for byte in line.encode("utf-8", "surrogateescape")
    )
    return f"$'{''.join(escaped)}'"
