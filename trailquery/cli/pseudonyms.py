"""`trailquery pseudonyms`: back from pseudonyms to what is real, where the key file lies."""

import sys
from pathlib import Path

import click

from trailquery.output import printable
from trailquery.pseudonyms import Pseudonyms


@click.command()
@click.argument("keyfile", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.argument("text", nargs=-1)
def pseudonyms(keyfile: Path, text: tuple[str, ...]) -> None:
    """What the pseudonyms in TEXT stand for, or in a whole report on stdin, written -; without TEXT every pseudonym.

    The key file is made and filled by the option --pseudonyms of every other command. Whoever has it can tell
    what is real; whoever has not, cannot.
    """
    known = Pseudonyms(keyfile)
    if text == ("-",):
        for line in sys.stdin:
            click.echo(printable(known.real(line.removesuffix("\n"))))
    elif text:
        click.echo(printable(known.real(" ".join(text))))
    else:
        for real, made in known.items():
            click.echo(printable(f"{made}  {real}"))
