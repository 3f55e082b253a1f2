"""Runs zuul-registry as it is, without the two storage drivers that the replica does not use.

Its Swift and S3 drivers load openstacksdk and boto3: 110 MB to fetch and 0.2 s at each start. Only the
filesystem driver's settings are ever written, so the other two are never asked for.
"""

import sys
from pathlib import Path
from types import ModuleType

sys.path.insert(0, str(Path(__file__).parent / "registry"))  # our sha256

for name in ("swift", "s3"):
    unused = ModuleType(f"zuul_registry.{name}")
    unused.Driver = None  # type: ignore[attr-defined] # the table of drivers asks for it when it is made
    sys.modules[unused.__name__] = unused

from zuul_registry.main import main  # noqa: E402 - after the path and the modules above

if __name__ == "__main__":
    sys.exit(main())
