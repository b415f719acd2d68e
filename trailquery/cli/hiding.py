"""--pseudonyms of every command: from when it is read, whatever is written to stdout or stderr as text goes through it.

Rows are written to `sys.stdout.buffer` by `output`, which replaces them value by value. What a command is asked for may be
a pseudonym as well, so that one goes on from an answer with what stands in it.
"""

import atexit
import codecs
import re
import sys
from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path
from typing import Any

import click

from trailquery.errors import UsageError

_FILE, _KNOWN = "trailquery.pseudonyms.file", "trailquery.pseudonyms.known"


def with_pseudonyms(command: click.Command) -> click.Command:
    """`command` with the option --pseudonyms."""
    if all(param.name != "pseudonyms" for param in command.params):
        command.params.append(_option())
        if command.callback:
            command.callback = _asked_for_what_is_real(command.callback)
    return command


def _asked_for_what_is_real(callback: Callable[..., Any]) -> Callable[..., Any]:
    """`callback` with what the pseudonyms in its texts stand for."""

    @wraps(callback)
    def ask(*arguments: Any, **options: Any) -> Any:
        return callback(*arguments, **{name: real(value) for name, value in options.items()})

    return ask


def real(value: Any) -> Any:
    """A text, a path, or each of several, with what the pseudonyms in it stand for; all else as it is."""
    if _KNOWN not in (meta := click.get_current_context().meta) or not isinstance(value, str | Path | tuple):
        return value
    return tuple(map(real, value)) if isinstance(value, tuple) else type(value)(meta[_KNOWN].real(str(value)))


def again() -> list[str]:
    """The words that give a command to paste the pseudonyms in use."""
    file = click.get_current_context().meta.get(_FILE)
    return ["--pseudonyms", str(file)] if file else []


def _option() -> click.Option:
    return click.Option(
        ["--pseudonyms"],
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="KEYFILE",
        help="Show pseudonyms for what is real, kept in KEYFILE.",
        expose_value=False,
        is_eager=True,  # so that what is wrong with the other options is told with pseudonyms, too
        callback=_begin,
    )


def _begin(ctx: click.Context, _param: click.Parameter, file: Path | None) -> None:
    if file is None or ctx.resilient_parsing:
        return
    from trailquery import hidden  # it takes a while: help answers at once
    from trailquery.pseudonyms import Pseudonyms

    known = Pseudonyms(file)

    def keep() -> None:
        try:
            known.save()
        except OSError as error:
            click.echo(f"--pseudonyms {file}: {error.strerror}; it does not know all that was shown", err=True)

    atexit.register(keep)  # what is shown last, an error, has pseudonyms as well
    hidden.use(known)
    ctx.meta.update({_FILE: file, _KNOWN: known})
    for stream in (sys.stdout, sys.stderr):
        if "write" not in vars(stream):
            if codecs.lookup(stream.encoding).name == "ascii":  # click would write past a stream that takes no more
                stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
            stream.write = partial(_write, stream.write, hidden.text)  # type: ignore[method-assign]


def _write(write: Callable[[str], int], pseudonymous: Callable[[str], str], said: str) -> int:
    # A line that begins with s3:// is a sentence, where names end at a space; alone it would be a key, which may hold spaces.
    write(re.sub(r"[^\r\n]+", lambda line: pseudonymous(f" {line[0]}")[1:], said))
    return len(said)


def learn_lake(lake: Path) -> None:
    """Let the pseudonyms in use know the names in a lake, if there is one, and in the settings that are found for it."""
    from trailquery import hidden

    pseudonyms = hidden.in_use()
    if pseudonyms is None:
        return
    from trailquery import tables
    from trailquery.hold import holds
    from trailquery.lake import open_lake
    from trailquery.names import learn_names, learn_settings
    from trailquery.settings import find_settings

    learn_settings(find_settings(lake), pseudonyms)
    try:
        tables.refuse_unless_lake(lake)
        tables.refuse_foreign(lake)
    except UsageError:  # an ingest makes it
        return
    learn_names(open_lake(lake), pseudonyms)
    pseudonyms.learn(one.by for one in holds(lake))
