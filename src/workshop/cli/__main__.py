"""`python -m workshop.cli`: finds the verb and runs it. A verb's module is loaded only when it is called."""

from __future__ import annotations

import _thread
import difflib
import importlib
import keyword
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

import click

from workshop.cli import options
from workshop.course import lessons
from workshop.course.lessons import NoSuchLesson
from workshop.course.places import ROOT
from workshop.engine import notice
from workshop.outcomes import Unchecked
from workshop.report import WRONG_USAGE, usage_error

VERBS = {
    "start": "the workshop: the board, then the current lesson (or `start 3`), checked at each save",
    "check": "check the current lesson, or some: `check 3 7`; `check --all` takes all of them",
    "watch": "check one lesson at each save",
    "hint": "one hint, for the ✗ that is there, one step further at each call",
    "more": "after a pass: other right answers, and one more thing to try",
    "solution": "the solution of a lesson, once it is passed",
    "reset": "put the starter of a lesson back; your files are kept aside",
    "lab": "JupyterLab on the notebooks, with Redis up",
    "site": "the course as a site, to read in a browser or to publish",
    "doctor": "check whether this machine can do what the lessons need",
    "clean": "remove what the workshop made in the Docker Engine",
    "submit": "pack what you hand in: one zip with your files",
    "class": "for teachers: grade what a class handed in",
    "prove": "prove the graders: starters fail, right answers pass, wrong answers trip their check",
    "new": "lay out a lesson: `new 21 teapot`",
    "bench": "measure the workshop itself",
    "test": "the project's own tests",
    "help": "this list, or how one command is called: `help check`",
}
NOT_WRITTEN = (
    "The workshop writes in its own folder: to work/, and to .workshop/ or the folder in WORKSHOP_STATE. Make it writable, or copy it "
    "to a place that is."
)


class Verbs(click.Group):
    """The verbs, each in a module of its own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        name = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        command = getattr(importlib.import_module(f"workshop.cli.{name}"), name)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """A number alone is the lesson to start; a verb that is not there names the nearest."""
        if args[0].isdigit():
            lessons.find(args[0])
            return super().resolve_command(ctx, ["start", *args])
        if args[0] not in VERBS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0].lower(), VERBS, 1, 0.5)
            guess = f" Did you mean `./workshop {' '.join([near[0], *args[1:]])}`?" if near else ""
            raise click.UsageError(f"There is no command {args[0]}.{guess}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=Verbs, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="workshop", version="0.1.0", prog_name="workshop")
@click.pass_context
def cli(context: click.Context) -> None:
    """Learn Flask, Docker and Redis by building a service that is checked while it runs."""
    if context.invoked_subcommand is None:
        from workshop.course.progress import Progress
        from workshop.desk.board import board, next_step

        screen, known, progress = options.screen(), lessons.catalogue(), Progress()
        board(screen, known, progress)
        next_step(screen, known, progress)


def main(args: list[str] | None = None) -> int:
    """Runs the command line and returns the exit code. Every error ends in what to do next."""
    args = sys.argv[1:] if args is None else args
    aside = options.aside("--json" in args)
    notice.listen(lambda text: aside.line(f"  {text}", fg="bright_black"))
    try:
        return int(cli.main(args, prog_name="workshop", standalone_mode=False) or 0)
    except NoSuchLesson as error:
        return _usage(args, str(error), error.next_step)
    except click.UsageError as error:
        known = f"`./{error.ctx.command_path} --help`" if error.ctx and error.ctx.parent else "`./workshop --help`"
        return _usage(args, error.format_message(), f"{known} shows how to call it.")
    except click.exceptions.Exit as end:
        return end.exit_code
    except (KeyboardInterrupt, click.Abort):
        if options.nobody_reads():
            return _unread()
        click.echo("\nEnded.", err=True)
        return 130
    except Unchecked as error:
        return _trouble(args, error)
    except BrokenPipeError:
        return _unread()
    except OSError as error:
        if not _is_ours(error.filename):
            raise
        return _trouble(args, Unchecked(f"{error.filename} cannot be written: {error.strerror}."), NOT_WRITTEN)


def _interrupted(number: int, frame: FrameType | None) -> None:
    """Ctrl-C; where it comes amid an import, it acts once that is done.

    Python swallows it in some places of its import machinery and keeps a lock there for good, for which another thread would wait without end.
    """
    while frame and not frame.f_code.co_filename.startswith("<frozen importlib"):
        frame = frame.f_back
    if frame is None:
        raise KeyboardInterrupt
    _thread.start_new_thread(_interrupt_again, ())


def _interrupt_again() -> None:
    time.sleep(0.02)
    _thread.interrupt_main()


def _usage(args: list[str], error: str, next_step: str) -> int:
    if "--json" in args:
        click.echo(usage_error(error, next_step))
    click.echo(f"{error}\n{next_step}", err=True)
    return WRONG_USAGE


def _trouble(args: list[str], error: Unchecked, next_step: str = "") -> int:
    if "--json" in args:
        click.echo(usage_error(error.hint, next_step or "Run `./workshop doctor`."))
    click.echo(f"{error.hint}\n{next_step}".rstrip(), err=True)
    return 3


def _is_ours(name: object) -> bool:
    """Whether a file is one of those that the workshop writes in its own folder."""
    state = os.environ.get("WORKSHOP_STATE") or ROOT / ".workshop"
    return isinstance(name, str) and any(Path(name).is_relative_to(folder) for folder in (ROOT / "work", state))


def _unread() -> int:
    """Nobody reads standard output any more, as behind `| head`: nothing is left to say, at the very end neither."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


if __name__ == "__main__":
    if (
        signal.getsignal(signal.SIGINT) is signal.default_int_handler
    ):  # a shell's background job ignores Ctrl-C, and so does the workshop there
        signal.signal(signal.SIGINT, _interrupted)
    sys.exit(main())
