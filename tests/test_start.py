from __future__ import annotations

import subprocess
import sys

EARLY = """
import sys
class Stop:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Stop())
from blackstart.start import main
main()
"""


def test_ctrl_c_while_it_is_still_being_loaded_ends_quietly() -> None:
    ended = subprocess.run([sys.executable, "-c", EARLY], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")
