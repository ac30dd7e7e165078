"""Make the checkout importable in .venv and put the command `signpost` there.

An editable install would ask a package index for the build backend; a path file and a
three-line command need nothing.
"""

import sys
import sysconfig
from pathlib import Path

root = Path(__file__).resolve().parent.parent
packages = Path(sysconfig.get_paths()["purelib"])
(packages / "signpost_checkout.pth").write_text(f"{root}\n", encoding="utf-8")
command = Path(sys.executable).parent / "signpost"
command.write_text(
    f"#!{sys.executable}\nimport sys\n\nfrom api.cli import main\n\nsys.exit(main())\n",
    encoding="utf-8",
)
command.chmod(0o755)
