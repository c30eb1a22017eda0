"""The task graph: what is out of date, what it reads, and errors of one line."""

import subprocess
import sys

import pytest

from karaganda_vibe import build
from karaganda_vibe.project.errors import ProjectError
from karaganda_vibe.project.paths import PROJECT


def test_modules_are_followed_through_one_another(tmp_path):
    package = tmp_path / "karaganda_vibe"
    (package / "inner").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "inner" / "__init__.py").write_text("")
    (package / "first.py").write_text("from karaganda_vibe.inner import second\n")
    (package / "inner" / "second.py").write_text("import json\n")
    (package / "unused.py").write_text("")
    found = build.modules_behind("from karaganda_vibe.first import thing", package)
    assert [path.name for path in found] == ["first.py", "__init__.py", "second.py"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            "01_made: {reads: [], writes: []}\n02_gone: {}\n",
            "has no notebook of that name: 02_gone",
        ),
        ("{}\n", "does not list it: 01_made"),
    ],
)
def test_the_table_and_the_folder_of_notebooks_must_agree(tmp_path, table, message):
    (tmp_path / "01_made.ipynb").write_text("{}")
    (tmp_path / "notebooks.yml").write_text(table)
    with pytest.raises(ProjectError, match=message):
        build.read_notebook_table(tmp_path / "notebooks.yml")


def test_a_broken_table_is_named_with_its_line(tmp_path):
    (tmp_path / "notebooks.yml").write_text("a: 1\nb: [\n")
    with pytest.raises(ProjectError, match=r"notebooks.yml:\d+: not valid YAML"):
        build.read_notebook_table(tmp_path / "notebooks.yml")


def test_a_long_chain_of_notebooks_starts_first():
    made = {
        "1_alone": {"reads": ["raw"], "writes": []},
        "2_first": {"reads": ["raw"], "writes": ["a"]},
        "3_alone": {"reads": ["a"], "writes": []},
        "4_middle": {"reads": ["a"], "writes": ["b"]},
        "5_last": {"reads": ["b", "a"], "writes": []},
    }
    order = ["2_first", "4_middle", "1_alone", "3_alone", "5_last"]
    assert build.most_awaited_first(made) == order


def test_everything_that_the_graph_names_is_there():
    for name, entry in build.read_notebook_table().items():
        for place in entry["reads"] + entry["writes"]:
            assert place.exists(), f"{name} names {place}"


def test_a_failed_task_is_one_line_and_exit_code_1(tmp_path):
    program = (
        "import sys\n"
        "from karaganda_vibe import build\n"
        "from karaganda_vibe.project.errors import ProjectError\n"
        "def fail(): raise ProjectError('made error,\\n in two lines')\n"
        "def full(): raise OSError(28, 'No space left on device', 'made.csv')\n"
        "build.BUILD = build.Path(sys.argv[1])\n"
        "action = {'fail': fail, 'full': full}[sys.argv[2]]\n"
        "task = {'actions': [build.partial(build._one_line, action)]}\n"
        "build.task_notebook = lambda: task\n"
        "raise SystemExit(build.main(['notebook']))\n"
    )
    for kind, message in {
        "fail": "error: made error, in two lines",
        "full": "error: No space left on device (made.csv); nothing was changed",
    }.items():
        (tmp_path / "program.py").write_text(program, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, str(tmp_path / "program.py"), str(tmp_path), kind],
            capture_output=True,
            text=True,
            cwd=PROJECT,
        )
        assert done.returncode == 1
        assert done.stderr.strip() == message


def test_no_task_puts_another_stream_in_the_place_of_stdout():
    makers = [getattr(build, name) for name in dir(build) if name.startswith("task_")]
    made = [
        task for maker in makers for task in (lambda t: [t] if isinstance(t, dict) else t)(maker())
    ]
    assert len(made) > 15
    assert [task.get("name") for task in made if task["io"] != {"capture": False}] == []
