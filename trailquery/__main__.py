"""The program, as `python -m trailquery` and as the console script."""

import sys


def main() -> None:
    """Run the command line; Ctrl-C while it is being imported ends in silence, with nothing begun."""
    try:
        from trailquery.cli import main as run
    except KeyboardInterrupt:
        sys.exit(130)
    run()


if __name__ == "__main__":
    main()
