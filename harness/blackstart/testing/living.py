"""The contract of a replica, the part about its whole life: before `up`, up, down, and up again."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from blackstart.errors import MissingTool, ReplicaError, UsageError
from blackstart.testing.looking import all_green, quiet, raised, whole
from blackstart.testing.promised import Promised

if TYPE_CHECKING:
    from blackstart.replica.base import Replica

__all__ = ["LivingContract"]


class LivingContract(Promised):
    """Each up costs what it costs: what is to be seen of it is seen in the same test."""

    def test_before_up_there_is_nothing(self, fresh: Replica) -> None:
        assert not fresh.components(), f"it is not up, and has {', '.join(fresh.components())}"
        early = raised(fresh.probes)
        assert isinstance(early, ReplicaError), f"it is not up, and its probes are no ReplicaError: {early!r}"
        assert not fresh.exited(), "it is not up, and something ended"

    def test_its_whole_life_touches_no_other(self, replica: Replica, fresh: Replica) -> None:
        assert fresh.label != replica.label, "the fixture `fresh` must have a label of its own"
        fresh.down()
        try:
            names = self._up(fresh)
            fresh.kill(names[0])
            whole(replica)
            assert self._up(fresh) == names, "it came up again with other components"
        finally:
            fresh.down()
        self._all_gone(fresh, names)
        fresh.down()
        whole(replica)

    def _up(self, fresh: Replica) -> list[str]:
        """Anew, and in service; the names of its components."""
        fresh.up(quiet)
        all_green(fresh, "up")
        return list(fresh.components())

    def test_an_up_that_fails_leaves_nothing(self, hopeless: Replica) -> None:
        failed = raised(lambda: hopeless.up(quiet))
        left = self.left(hopeless.label)
        components = list(hopeless.components())
        hopeless.down()
        assert failed, "the fixture `hopeless` must not come up"
        kinds = (ReplicaError, MissingTool, UsageError)
        assert isinstance(failed, kinds), f"it failed, with an error that is none of a replica's: {failed!r}"
        assert failed.message, "it failed, and does not say of what"
        assert failed.hint, f"it failed, and does not say what to do: {failed.message}"
        assert not left, f"it failed, and left {left}"
        assert not components, f"it failed, and has {', '.join(components)}"

    def _all_gone(self, replica: Replica, names: Collection[str]) -> None:
        assert not (left := self.left(replica.label)), f"it is down, and left {left}"
        running = [name for name in names if replica.running(name)]
        assert not running, f"it is down, and says that these run: {running}"
        assert not replica.components(), f"it is down, and has {', '.join(replica.components())}"
        assert not replica.exited(), "it was taken down, and that is told as a crash"
        lost = [name for name in names if not replica.log(name).is_file()]
        assert not lost, f"it is down, and the logs of these are gone: {', '.join(lost)}"
