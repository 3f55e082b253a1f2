"""`python -m blackstart.toxics`: the fault proxy as a process of its own."""

import sys

from blackstart.toxics.program import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
