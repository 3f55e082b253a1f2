"""The entry point of the `blackstart` program: as little as can be before Ctrl-C is answered in order."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line. Ctrl-C before anything was started ends quietly, with 130 as a shell expects."""
    try:
        from blackstart.cli.main import main as command_line

        command_line()
    except KeyboardInterrupt:
        sys.exit(130)
