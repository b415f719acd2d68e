"""The command line: click, streams and exit codes live here and nowhere else."""

import os
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from trailquery.cli.hiding import with_pseudonyms
from trailquery.errors import MachineError, TrailqueryError, UsageError, refused
from trailquery.imports import without_arrays
from trailquery.wording import did_you_mean

# A command's module is imported when the command is asked for: help and typing errors answer at once.
COMMANDS = {
    "demo": ("demo", "Simulate an incident, ingest its trail, and find the story."),
    "simulate": ("evidence", "Write the trail of a made-up organisation, as S3 would hold it."),
    "ingest": ("ingest", "Add log files to the lake: folders, archives, stdin, S3, event history."),
    "collect": ("collect", "Copy a bucket's logs and digests as evidence that needs no AWS any more."),
    "doctor": ("doctor", "What a bucket and its trails are worth as evidence, and what we may read."),
    "verify": ("verify", "Prove that log files are as delivered, by the digests that CloudTrail signed."),
    "compact": ("compact", "Merge the many small files that small ingests leave."),
    "prune": ("compact", "Remove the events of old days, and keep that they were there."),
    "bundle": ("bundle", "Pack events and the proof of them into a zip that anyone can check."),
    "hold": ("hold", "Let nothing of the lake be merged or removed until it is released."),
    "info": ("questions", "What the lake holds: accounts, regions, days, trails, files."),
    "coverage": ("coverage", "Which hours are held of each account, region and trail."),
    "files": ("evidence", "The log files of the lake, and those that could not be read."),
    "find": ("questions", "Find any string: key, address, ARN, account, resource, id, text."),
    "hunt": ("hunt", "All findings in one go, most severe first, with the next command."),
    "run": ("questions", "Run a curated query."),
    "queries": ("catalogue", "List the curated queries."),
    "show": ("catalogue", "Print the SQL and the front-matter of a curated query."),
    "sql": ("questions", "Run one SELECT over the views."),
    "pseudonyms": ("pseudonyms", "What the pseudonyms of a key file stand for."),
    "schema": ("schema", "What the views and their columns mean; fields that no column covers."),
    "settings": ("settings", "Your accounts, networks, regions, .mmdb files, queries, exclusions."),
    "connect": ("schema", "Write a small DuckDB database of the views, for other tools."),
}


_STOPPED_CODE = 130
_STOPPED = "stopped; the lake is as after its last commit"


class _Program(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            from trailquery.catalog import query_files

            is_query = cmd_name.replace("-", "_") in query_files()
            guess = did_you_mean(cmd_name, COMMANDS) or "see: trailquery --help"
            raise UsageError(f"no command {cmd_name!r}; {f'write: trailquery run {cmd_name}' if is_query else guess}")
        command: click.Command = getattr(import_module(f"trailquery.cli.{COMMANDS[cmd_name][0]}"), cmd_name)
        return with_pseudonyms(command) if cmd_name != "pseudonyms" else command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        named = [
            CompletionItem(name, help=about) for name, (_, about) in COMMANDS.items() if name.startswith(incomplete)
        ]
        return named or click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # The reader, `head` perhaps, has all it wanted: what is still buffered goes nowhere.
            _drop_stdout()
            ctx.exit(0)


_COMPLETION = """\b
Completion of commands, options, query names and choices, for one line of your shell's start-up file:
  bash  eval "$(_TRAILQUERY_COMPLETE=bash_source trailquery)"
  zsh   eval "$(_TRAILQUERY_COMPLETE=zsh_source trailquery)"   # after compinit
  fish  _TRAILQUERY_COMPLETE=fish_source trailquery | source
"""


@click.group(
    cls=_Program, epilog=_COMPLETION, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(package_name="trailquery")
def trailquery() -> None:
    """Answer who did what, when, from where and with which credential, from AWS CloudTrail log files.

    Start with `trailquery demo`, or with your own logs: `trailquery ingest FOLDER`.
    """


def main() -> None:
    """Run the command line; exit codes are those of `errors.py`, and 130 after Ctrl-C."""
    without_arrays()
    sys.stdin = sys.stdin or Path(os.devnull).open()  # noqa: SIM115 (a closed one is empty)
    if sys.stdout is None:  # the next file opened would take its place, and get what is printed
        sys.exit(_failed("stdout: is closed; give the command one, such as /dev/null", MachineError.exit_code))
    exit_code = _exit_code()
    if exit_code == _STOPPED_CODE:  # at once, whatever other threads wait for
        with suppress(OSError):
            sys.stdout.flush()
        os._exit(exit_code)
    sys.exit(exit_code)


def _exit_code() -> int:
    """Runs the command. It is over, and no traceback holds its lake, before Python ends: DuckDB reports what is left."""
    try:
        return int(trailquery.main(prog_name="trailquery", standalone_mode=False) or 0)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt):
        return _failed(_STOPPED, _STOPPED_CODE)
    except click.ClickException as error:
        return _failed(_told(error), error.exit_code)
    except TrailqueryError as error:
        return _failed(str(error), error.exit_code)
    except RuntimeError as error:  # DuckDB's word for Ctrl-C while it was at something short
        if str(error) != "Query interrupted":
            raise
        return _failed(_STOPPED, _STOPPED_CODE)
    except OSError as error:  # on the way out most of all: a full disk behind stdout
        _drop_stdout()
        return _failed(str(refused(error, error.filename or "stdout")), MachineError.exit_code)


def _told(error: click.ClickException) -> str:
    """Click's errors in the form of ours: where: what is wrong; what to do."""
    context = getattr(error, "ctx", None)
    where = context.command_path if context else "trailquery"
    what = error.format_message()
    if isinstance(error, click.BadParameter) and not isinstance(error, click.MissingParameter) and error.param:
        what = f"{max([*error.param.opts, error.param.human_readable_name], key=len)}: {error.message}"
    if isinstance(error, click.NoSuchOption) and context and _is_argument(context.command, error.option_name):
        what = f"{error.option_name} is no option; give the value alone, without {error.option_name}"
    what = what[0].lower() + what[1:].removesuffix(".")
    if "unexpected extra argument" in what and context and (options := _text_options(context.command)):
        what = f"{what}; name its option: {', '.join(options)}"
    return f"{where}: {what}" + ("" if "id you mean" in what else f"; see: {where} --help")


def _is_argument(command: click.Command, option: str) -> bool:
    name = option.lstrip("-").replace("-", "_")
    return any(isinstance(param, click.Argument) and param.name == name for param in command.params)


def _text_options(command: click.Command) -> list[str]:
    """The options of a query that take any text."""
    return [param.opts[0] for param in command.params if isinstance(param, click.Option) and param.metavar == "TEXT"]


def _failed(message: str, exit_code: int) -> int:
    """Say `message` on stderr, in one line: of DuckDB's drawing of where an error lies, only the line's number."""
    from trailquery.output import printable

    text, _, drawing = message.partition("\n\nLINE ")
    said = " ".join(line.strip() for line in text.splitlines() if line.strip())
    told = printable(said + (f" (line {drawing.partition(':')[0]})" if drawing else ""))
    click.echo(told, err=True)
    return exit_code


def _drop_stdout() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
