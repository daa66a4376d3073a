"""A rival that acts while the student's code is between two of its commands: what graders know of the relay."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from workshop.runtimes.problems import Mismatch, Unchecked
from workshop.runtimes.relay import NeverActed, Relay, Seen

OURS_TO_MEND = "Nothing of the student's code came past the relay, so no rival could act. That is ours to mend, not yours."


class RelayProbe:
    """The relay before the run's Redis. `url` is the address for the student's code: `service.another(env={"REDIS_URL": relay.url})`."""

    def __init__(self, relay: Relay) -> None:
        self._relay, self.url = relay, relay.url

    @contextlib.contextmanager
    def rival(self, act: Callable[[], object], before: str = "write", times: int | None = None) -> Iterator[Seen]:
        """Within the block, `act` runs in the grader just before the student's first command that changes data reaches Redis.

        `before="every"` takes each packet with a command that reads or changes data, at most `times` (20). The block's value has, after its end,
        `acted` and `commands`. A block in which `act` never ran raises Mismatch where the student's code sent other commands, else Unchecked.
        """
        try:
            with self._relay.rival(act, before, times) as seen:
                yield seen
        except NeverActed as error:
            if not error.seen.commands:
                raise Unchecked(OURS_TO_MEND) from None
            sent = error.seen.data_commands
            kind = "that changes data" if before == "write" else "that reads or changes data"
            raise Mismatch(f"Redis received no command {kind}.", actual="\n".join(sent[:5]) or "no command at all") from None

    def watch(self) -> contextlib.AbstractContextManager[Seen]:
        """Within the block, notes the commands that the student's code sends: `commands` after its end."""
        return self._relay.watch()
