"""Make the project's Python environment in .venv from requirements.lock.

`make` runs this with the machine's own Python, so it must be readable by old releases too.
"""

import os
import shutil
import subprocess
import sys

OLDEST = (3, 11)
FOLDER = ".venv"


def main():
    if sys.version_info[:2] < OLDEST:
        return (
            "error: Python %d.%d or newer is needed, found %s; name another one with make PYTHON=…"
            % (
                OLDEST[0],
                OLDEST[1],
                sys.version.split()[0],
            )
        )
    print("Making the Python environment in %s from requirements.lock (a minute or two) …" % FOLDER)
    sys.stdout.flush()
    python = os.path.join(FOLDER, "bin", "python")
    ready = os.path.join(FOLDER, ".ready")
    if os.path.exists(ready):
        os.remove(ready)
    if not os.path.exists(python):
        shutil.rmtree(FOLDER, ignore_errors=True)
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    steps = [
        [sys.executable, "-m", "venv", FOLDER],
        [*install, "--require-hashes", "-r", "requirements.lock"],
        [*install, "--no-deps", "--no-build-isolation", "--editable", "."],
    ]
    for step in steps:
        if subprocess.call(step) != 0:
            return "error: '%s' failed, see above; mend it and run make again" % " ".join(step)
    with open(ready, "w") as stream:
        stream.write("")
    return 0


if __name__ == "__main__":
    sys.exit(main())
