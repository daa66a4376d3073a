"""What is left where no log names a cause: how the service ended, or that it listens on nothing.

The order: a cause that the command itself shows, then the exit codes that mean something, at last the code alone.
"""

from __future__ import annotations

import shlex

from workshop.causes.start import ended, runs
from workshop.mistakes.mistake import mistake


@mistake(example=ended(code=0, command=("/bin/sh", "-c", "python", "app.py")))
def shell_entrypoint(start):
    """ENTRYPOINT in the shell form takes nothing from CMD, so only half of the command ran. Write both as lists:
    ENTRYPOINT ["python"] and CMD ["app.py"].
    """
    return not start.running and start.command[:2] == ("/bin/sh", "-c") and len(start.command) > 3


@mistake(example=ended(code=0, command=("python", "app.py")))
def ended_at_once(start):
    """The container's command{command} ran and ended at once, with exit code 0. A container lives as long as its first
    process: CMD must start the server in the foreground, and app.py must call app.run(…). The line above that is
    `if __name__ == "__main__":`, with all the underscores.
    """
    command = f", `{shlex.join(start.command)}`," if start.command else ""
    return not start.running and start.code == 0 and not start.answered and {"command": command}


@mistake(example=ended(code=137))
def killed(start):
    """The container was ended with SIGKILL (exit code 137): something stopped it by force."""
    return not start.running and start.code == 137


@mistake(example=ended(code=127))
def command_could_not_run(start):
    """The container's command could not be run (exit code {code}). The last lines of the log name it."""
    return not start.running and start.code in (126, 127) and {"code": start.code}


@mistake(example=ended("Bye\n", 3))
def exited(start):
    """{how}, with exit code {code}. The last lines of the log may say why."""
    return not start.running and {"how": start.how, "code": start.code}


@mistake(example=runs(listening=[], command=("sleep", "60")))
def not_listening(start):
    """The service runs, but after a while it still listens on no port {where}.{command} Does app.py end in app.run(…)?"""
    if not start.running or start.listening != []:  # None: nobody looked
        return None
    command = f" Its command is `{shlex.join(start.command)}`. Does that start the server?" if start.command else ""
    return {"where": start.where, "command": command}
