"""Runs zuul-registry, without the two storage drivers that the replica does not use, and with what it lacks.

Its Swift and S3 drivers load openstacksdk and boto3: 110 MB to fetch and 0.2 s at each start. Only the
filesystem driver's settings are ever written, so the other two are never asked for.

It lacks two things that other registries have, and that go wrong there: accounts that expire (`expires` of a
user, UTC in ISO 8601) and a quota (`quota` of the storage, in bytes of blobs). Both are looked up anew when the
configuration file has changed, as Distribution does with its password file.
"""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "registry"))  # our sha256

for name in ("swift", "s3"):
    unused = ModuleType(f"zuul_registry.{name}")
    unused.Driver = None  # type: ignore[attr-defined] # the table of drivers asks for it when it is made
    sys.modules[unused.__name__] = unused

import cherrypy  # noqa: E402 - after the path and the modules above
from zuul_registry import main as zuul  # noqa: E402
from zuul_registry import storage  # noqa: E402


class Settings:
    """The configuration file as it is now."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: tuple[int, int] | None = None
        self._read: dict[str, Any] = {}

    def now(self) -> dict[str, Any]:
        status = self._file.stat()
        if self._seen != (status.st_mtime_ns, status.st_ino):
            self._read = json.loads(self._file.read_text("utf-8"))["registry"]
            self._seen = (status.st_mtime_ns, status.st_ino)
        return self._read

    def accepts(self, name: str, password: str, access: str) -> bool:
        """Whether there is such an account, not expired."""
        for user in self.now()["users"]:
            if (user["name"], user["pass"], user["access"]) == (name, password, access):
                expires = user.get("expires")
                return expires is None or datetime.now(UTC) < datetime.fromisoformat(expires)
        return False

    def full(self) -> bool:
        """Whether so much is stored that nothing more is taken."""
        place = self.now()["storage"]
        if place.get("quota") is None:
            return False
        used = sum(blob.stat().st_size for blob in Path(place["root"]).glob("*/blobs/*/data"))
        return bool(used >= place["quota"])


SETTINGS = Settings(Path(sys.argv[sys.argv.index("-c") + 1]) if "-c" in sys.argv else Path("registry.json"))


class Accounts(zuul.Authorization):  # type: ignore[misc] # the package has no types
    """Who may come in, by the file's accounts of now and not those of its start."""

    def check(self, store: dict[str, str], user: str, password: str) -> bool:
        return SETTINGS.accepts(user, password, self.WRITE if store is self.rw else self.READ)


class QuotaExceeded(cherrypy.HTTPError):  # type: ignore[misc] # the package has no types
    """507, with the error's words in the form of the OCI distribution specification."""

    def __init__(self) -> None:
        super().__init__(507)

    def set_response(self) -> None:
        super().set_response()
        error = {"code": "DENIED", "message": "the quota of the storage is exceeded"}
        body = json.dumps({"errors": [error]}).encode()
        cherrypy.response.body = body
        cherrypy.response.headers["Content-Type"] = "application/json"
        cherrypy.response.headers["Content-Length"] = str(len(body))


class LimitedStorage(storage.Storage):  # type: ignore[misc] # the package has no types
    """Takes nothing more once the quota is reached; what is there can be read."""

    def start_upload(self, *args: Any) -> Any:
        self._demand_room()
        return super().start_upload(*args)

    def upload_chunk(self, *args: Any) -> Any:
        self._demand_room()
        return super().upload_chunk(*args)

    def put_blob(self, *args: Any) -> Any:
        self._demand_room()
        return super().put_blob(*args)

    def _demand_room(self) -> None:
        if SETTINGS.full():
            raise QuotaExceeded


zuul.Authorization = Accounts
storage.Storage = LimitedStorage

if __name__ == "__main__":
    sys.exit(zuul.main())
