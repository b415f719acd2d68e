"""What a process need not import."""

import sys
from importlib.abc import MetaPathFinder


def without_arrays() -> None:
    """Let numpy and pandas look as if they were not installed: pyarrow imports them where they are, in up to a second."""
    sys.meta_path.insert(0, _WithoutArrays())


class _WithoutArrays(MetaPathFinder):
    def find_spec(self, fullname: str, *_: object) -> None:
        if fullname in ("numpy", "pandas"):
            raise ModuleNotFoundError(f"{fullname} is for Python and Jupyter, not for the command line", name=fullname)
