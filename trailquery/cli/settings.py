"""The command that shows what trailquery.toml says, and imports account names into it."""

from pathlib import Path

import click

from trailquery.cli.library import lake_option
from trailquery.output import printable
from trailquery.settings import FILE_NAME, Settings, accounts_listed, default_lake, find_settings
from trailquery.settings import import_accounts as write_accounts


@click.command()
@click.option(
    "--import-accounts",
    "listing",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the account names of FILE, the output of `aws organizations list-accounts`, into trailquery.toml.",
)
@lake_option
def settings(listing: Path | None, lake: Path | None) -> None:
    """What is set of accounts, networks, regions, .mmdb files, queries and exclusions, and in which file.

    That is the first trailquery.toml from the working directory upwards, else the one in the lake.
    """
    found = find_settings(lake or default_lake())
    if listing is None:
        for line in _lines(found):
            click.echo(line)
        return
    file = found.file or Path.cwd() / FILE_NAME
    added, changed = write_accounts(accounts_listed(listing), file)
    click.echo(f"{printable(str(file))}: {added:,} accounts added, {changed:,} changed")


def _lines(found: Settings) -> list[str]:
    if found.file is None:
        return [f"file      none: no {FILE_NAME} from here upwards, nor in the lake"]
    accounts = [f"{account_id} {printable(name)}" for account_id, name in found.accounts.items()]
    networks = [f"{network} {printable(name)}" for network, name in found.networks]
    return [
        f"file      {printable(str(found.file))}",
        f"accounts  {', '.join(accounts) or 'none: own are the recipients that the lake has seen'}",
        f"networks  {', '.join(networks) or 'none'}",
        f"regions   {', '.join(found.approved_regions) or 'none approved: every region counts alike'}",
        f"geoip     {', '.join(printable(str(database)) for database in found.databases) or 'none'}",
        f"queries   {', '.join(printable(str(folder)) for folder in found.queries) or 'none of your own'}",
        *(f"excluded  {printable(one.told())}" for one in found.exclusions),
    ]
