"""Make the project's Python environment in .venv, then run Python in it; needs nothing but Python.

    python environment.py report                  what the report needs, then the report
    python environment.py lab                     JupyterLab
    python environment.py test -m pytest tests    what the tests need, then this command

The first word is a group of packages: `report` is pinned in requirements.lock, what another group
adds in requirements-GROUP.lock. What is there already is not made again. Any Python runs this
file, a release that is too old as well, to say so: keep its syntax plain.
"""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time

OLDEST, NEWEST = (3, 11), (3, 13)  # the Pythons that the locks are made for; see pyproject.toml
FOLDER = ".venv"
# What is installed: {group: sha256 of its lock}. "{}" is an install that was begun; a file that
# is not ours, or none, means that .venv has to be made anew.
READY = os.path.join(FOLDER, ".ready")
TURN = ".venv.lock"
LOG = os.path.join("build", "log", "environment.txt")
NO_WHEELS = ["pyspark"]  # published as source only, which is plain Python
COMMANDS = {"report": ["-m", "karaganda_vibe.build"], "lab": ["-m", "jupyterlab", "notebooks"]}
DISK_FULL = "the disk is full; an environment takes about 1 GB: make room"
FAULTS = (
    (
        ("DO NOT MATCH THE HASHES", "Hash mismatch"),
        "a package that was downloaded is not the one in the lock (its checksum differs); "
        "empty the cache (pip cache purge, uv cache clean) or use another package index",
    ),
    (
        ("No space left on device", "not enough space on the disk"),
        DISK_FULL,
    ),
    (
        ("ensurepip is not", "No module named venv", "No module named ensurepip"),
        "this Python has no venv module; install it (Debian, Ubuntu: apt install python3-venv)",
    ),
    (
        (
            "ConnectionError",
            "NameResolutionError",
            "Timeout",
            "ProxyError",
            "dns error",
            "error sending request",
            "Failed to fetch",
        ),
        "the package index cannot be reached; look to the network or the proxy",
    ),
)


def main(arguments):
    """Make what the group lacks and run the command; a text is an error."""
    groups = ["report"] + sorted(
        name[len("requirements-") : -len(".lock")]
        for name in os.listdir(".")
        if name.startswith("requirements-") and name.endswith(".lock")
    )
    if not arguments or arguments[0] not in groups:
        return "name one of %s, as in: python environment.py report" % ", ".join(groups)
    base, version = base_python()
    if not base:
        return (
            "Python %d.%d to %d.%d is needed, found %s; name another one: make PYTHON=..., "
            "or PATH/TO/python environment.py %s"
            % (OLDEST + NEWEST + (sys.version.split()[0], " ".join(arguments)))
        )
    group = arguments[0]
    if not is_ready(group, version):
        with alone():
            # Another one may have made it while this one waited.
            fault = None if is_ready(group, version) else make(base, version, group)
        if fault:
            return fault
    command = arguments[1:] or COMMANDS.get(group)
    return run([python()] + command) if command else 0


def base_python():
    """A Python that the locks are made for, and its version: this one, or one on PATH."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        # Inside an activated .venv, the Python that it was made from.
        base = getattr(sys, "_base_executable", None) or sys.executable
        return base, "%d.%d" % sys.version_info[:2]
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        version = "3.%d" % minor
        found = which("python" + version)
        # A shim of pyenv is on PATH for versions too that it cannot start.
        if found and output_of([found, "--version"])[0] == 0:
            return found, version
    return None, None


def which(name):
    """The program's path, or None; Python 2, which has no such function, finds nothing."""
    return getattr(shutil, "which", lambda name: None)(name)


def python():
    """The environment's own Python."""
    place = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return os.path.join(FOLDER, *place)


def lock_of(group):
    """The file that pins a group's packages."""
    return "requirements.lock" if group == "report" else "requirements-%s.lock" % group


def installed():
    """What READY says: {group: sha256}, empty for an install that was begun, None for neither."""
    try:
        with open(READY) as stream:
            return json.load(stream)
    except (IOError, ValueError):
        return None


def version_inside():
    """The version, as in "3.11", of the Python that .venv was made from."""
    try:
        with open(os.path.join(FOLDER, "pyvenv.cfg")) as stream:
            pairs = [line.split("=", 1) for line in stream if line.startswith("version")]
    except IOError:
        return None
    # "version" where venv made it, "version_info" where uv did.
    return ".".join(pairs[0][1].strip().split(".")[:2]) if pairs else None


def wanted(group, there):
    """What is to be installed: the report's packages, the group's, and those that are there."""
    groups = {"report", group}.union(name for name in there if os.path.exists(lock_of(name)))
    found = {}
    for name in groups:
        with open(lock_of(name), "rb") as stream:
            found[name] = hashlib.sha256(stream.read()).hexdigest()
    return found


def is_ready(group, version):
    """Whether .venv holds the group in the locked versions, for this version of Python."""
    there = installed()
    return bool(
        there
        and there == wanted(group, there)
        and version_inside() == version
        and os.path.exists(python())
    )


@contextlib.contextmanager
def alone():
    """Wait until no other process makes the environment, and keep others waiting meanwhile."""
    stream = open(TURN, "a")
    try:
        # What installs keeps the turn even where this process is killed before it.
        if hasattr(os, "set_inheritable"):
            os.set_inheritable(stream.fileno(), True)
        if not taken(stream):
            say("Another command is making %s; waiting for it ..." % FOLDER)
            while not taken(stream):
                time.sleep(0.2)
        yield
    finally:
        stream.close()


def taken(stream):
    """Lock the open file without waiting; whether that worked. The system frees it at the end."""
    try:
        if os.name == "nt":
            import msvcrt

            stream.seek(0)
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (IOError, OSError) as error:
        if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            return False
        raise
    return True


def make(base, version, group):
    """Make or complete .venv; None, or what went wrong."""
    there = installed()
    if there is None or version_inside() != version or not os.path.exists(python()):
        there = {}
        if os.path.exists(FOLDER):
            shutil.rmtree(FOLDER)
    complete = wanted(group, there)
    locks = [lock_of(name) for name in sorted(complete)]
    say("Making the Python environment in %s from %s ..." % (FOLDER, ", ".join(locks)))
    files = [word for name in locks for word in ("-r", name)]
    strict = ["--require-hashes", "--only-binary", ":all:", "--no-binary", ",".join(NO_WHEELS)]
    by_pip = [python(), "-m", "pip", "install", "--no-compile"]
    ways = [([base, "-m", "venv", FOLDER], by_pip + strict + files)]
    if which("uv"):
        create = ["uv", "venv", "--allow-existing", "--python", base, FOLDER]
        ways.insert(0, (create, ["uv", "pip", "sync", "--python", python()] + strict + locks))
    fault = None
    # Where uv cannot install (it does not read pip's settings, say), pip is tried.
    for create, install in ways:
        there = os.path.exists(python()) and (install[0] == "uv" or has_pip())
        fault = (None if there else step(create)) or begin() or step(install)
        if not fault:
            write_ready(complete)
        if not fault or DISK_FULL in fault:
            break
    return fault


def has_pip():
    """Whether .venv holds pip, which uv leaves out."""
    return output_of([python(), "-c", "import pip"])[0] == 0


def begin():
    """Mark the install as begun, tell .venv where the package is, drop what was left half done."""
    write_ready({})
    code, text = output_of(
        [python(), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    )
    if code != 0:
        return told(text)
    site = text.strip()
    for name in os.listdir(site):
        unfinished = name.endswith(".dist-info") and not os.path.exists(
            os.path.join(site, name, "INSTALLER")
        )
        if unfinished or name.startswith("~"):
            shutil.rmtree(os.path.join(site, name))
    # Relative, so that a copied or moved checkout uses its own package.
    with open(os.path.join(site, "karaganda_vibe.pth"), "w") as stream:
        stream.write(os.path.relpath("src", site) + "\n")
    return None


def write_ready(groups):
    """Write READY as a whole or not at all."""
    with open(READY + ".new", "w") as stream:
        json.dump(groups, stream, sort_keys=True)
    if hasattr(os, "replace"):
        os.replace(READY + ".new", READY)
    else:
        os.rename(READY + ".new", READY)


def step(command):
    """Run one command of the making; None, or what went wrong in one line."""
    code, text = output_of(command)
    return None if code == 0 else told(text)


def output_of(command):
    """Exit code and output (both streams) of a command."""
    try:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=clean(), close_fds=False
        )
    except OSError as error:
        return 1, "%s: %s" % (command[0], error.strerror)
    text = process.communicate()[0].decode("utf-8", "replace")
    return process.returncode, text


def told(text):
    """One line of a long output: a known fault, or its last line; the whole is kept in LOG."""
    place = ""
    try:
        if not os.path.isdir(os.path.dirname(LOG)):
            os.makedirs(os.path.dirname(LOG))
        with open(LOG, "wb") as stream:
            stream.write(text.encode("utf-8"))
        place = " (the whole output is in %s)" % LOG
    except EnvironmentError:
        pass  # the disk is full, perhaps: the line itself says so
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    reason = lines[-1] if lines else "no output"
    for signs, meaning in FAULTS:
        if any(sign in text for sign in signs):
            reason = meaning
            break
    return "%s was not made: %s; then run it again%s" % (FOLDER, reason, place)


def clean():
    """The surroundings for Python: a user's search paths and pip's place to install stay out."""
    left_out = ("PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX")
    return {name: value for name, value in os.environ.items() if name not in left_out}


def run(command):
    """Run a command in place of this process; on Windows, wait for it."""
    sys.stdout.flush()
    if os.name == "nt":
        return subprocess.call(command, env=clean())
    return os.execve(command[0], command, clean())


def say(text):
    """Print a line at once."""
    print(text)
    sys.stdout.flush()


if __name__ == "__main__":
    os.chdir(os.path.dirname(os.path.abspath(__file__)))
    try:
        outcome = main(sys.argv[1:])
    except EnvironmentError as trouble:
        outcome = "%s: %s; mend it and run it again" % (
            trouble.filename or FOLDER,
            trouble.strerror or trouble,
        )
    except KeyboardInterrupt:
        outcome = "interrupted; run it again to go on"
    if not isinstance(outcome, int):
        sys.stderr.write("error: %s\n" % outcome)
        outcome = 1
    sys.exit(outcome)
