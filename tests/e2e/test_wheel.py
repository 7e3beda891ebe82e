"""The wheel, built and installed: from a table in some folder to a project that has run."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import tomllib
from dataclasses import dataclass
from email import message_from_string
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest

from tests.e2e.conftest import ROOT, clean_environment

SMALL = (
    "search.trials=4 search.batch=2 train.max_epochs=4 split.folds=3 compare.seeds=2"
    " compare.resamples=200 compare.curve_points=2 compare.bootstrap_sets=0"
    " evaluate.folds=3 evaluate.repeats=1 evaluate.trials=5 evaluate.strengths=1"
    " network.layers=[{units:&space;8,&space;dropout:&space;true}]"
)


@dataclass(frozen=True)
class Installed:
    """The wheel, and the script of the environment that it is installed in."""

    wheel: Path
    script: Path

    def run(self, folder: Path, *arguments: str, code: int = 0) -> str:
        """Run the script in a folder, expect its exit code, and give what it printed."""
        done = subprocess.run(
            [self.script, *arguments],
            cwd=folder,
            # As where nobody has told git a name.
            env={
                name: value
                for name, value in clean_environment().items()
                if not name.startswith("GIT_")
            }
            | {"HOME": str(folder), "EMAIL": "", "GIT_CONFIG_COUNT": "1"}
            | {"GIT_CONFIG_KEY_0": "user.useConfigOnly", "GIT_CONFIG_VALUE_0": "true"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout
        return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Build the wheel, and install it where the packages of this environment are to be found."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory"]
    subprocess.run([*build, folder], cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    environment = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", environment], check=True)
    python = environment / "bin/python"
    install = [python, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", wheel]
    subprocess.run(install, check=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "of-the-tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
    # Compiling the trainer anew would take half a minute and show nothing.
    (environment / "numba").symlink_to(Path(sys.prefix) / "numba")
    return Installed(wheel, environment / "bin/regularization-pipeline")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rng = np.random.default_rng(5)
    left = rng.random(160) < 0.4
    frame = pd.DataFrame({"age": rng.normal(40 + 9 * left, 5).round(1), "plan": rng.choice(3, 160)})
    frame.assign(churn=np.where(left, "yes", "no")).to_csv(tmp_path / "my churn.csv", index=False)
    return tmp_path / "my churn.csv"


def test_the_wheel_needs_what_pyproject_lists_and_carries_every_module(
    installed: Installed,
) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    with ZipFile(installed.wheel) as archive:
        names = archive.namelist()
        (metadata,) = (name for name in names if name.endswith("/METADATA"))
        read = message_from_string(archive.read(metadata).decode())
    needed = [line for line in read.get_all("Requires-Dist") or () if "extra ==" not in line]
    assert {_plain(line) for line in needed} == {_plain(line) for line in project["dependencies"]}
    code = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "pipeline"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    assert set(code) == {n for n in names if n.startswith("pipeline/") and "/template/" not in n}


def _plain(requirement: str) -> str:
    return requirement.lower().replace(" ", "").replace("_", "-")


def test_a_table_becomes_a_project_that_has_run(installed: Installed, table: Path) -> None:
    settings = [f"-S{text.replace('&space;', ' ')}" for text in SMALL.split()]
    printed = installed.run(table.parent, table.name, "--target", "churn", *settings)
    project = table.parent / "my-churn"
    assert "The project is in my-churn" in printed
    assert (project / "reports/comparison.html").is_file()
    assert (project / "tables" / table.name).read_bytes() == table.read_bytes()
    changed = subprocess.run(
        ["git", "status", "--porcelain"], cwd=project, capture_output=True, text=True, check=True
    ).stdout.split()
    # What a run leaves for its user to commit, and no file of the template.
    assert set(changed[1::2]) == {"dvc.lock", "metrics/", "reports/gate.json", "reports/gate.md"}
    # What is committed counts: the gate has decided and did not merely look.
    assert "my-churn-net" in (project / "params.yaml").read_text()
    assert '"outcome": "tried"' not in (project / "reports/gate.json").read_text()
    again = subprocess.run(
        [installed.script.with_name("python"), "-m", "dvc", "repro"],
        cwd=project, env=clean_environment() | {"PATH": f"{installed.script.parent}:/usr/bin:/bin"},
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "Data and pipelines are up to date." in again


def test_a_named_source_needs_no_target_and_no_run_only_says_how(
    installed: Installed, tmp_path: Path
) -> None:
    printed = installed.run(tmp_path, "wine", "--no-run", "--folder", "cellar")
    assert "Run it: cd cellar && make repro" in printed
    assert "  source: wine\n" in (tmp_path / "cellar/params.yaml").read_text()
    made = subprocess.run(
        ["git", "ls-files"], cwd=tmp_path / "cellar", capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert {"pipeline/stages/tune.py", "dvc.yaml", ".dvc/plots/trials.json"} <= set(made)
    assert not [name for name in made if "template/" in name or name.startswith("tests/")]


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (("absent.csv", "--target", "y"), "absent.csv: there is no such file, want a table."),
        (("my churn.csv",), "my churn.csv: the target is missing, want the column to predict."),
        (("wine", "-S", "search.trials"), "-S search.trials: this is no setting, want KEY=VALUE"),
        (("wine", "-S", "search.trials=0"), "search.trials is 0, want a whole number"),
        (("wine", "-S", "search.trails=9"), "Did you mean 'trials'?"),
        (("wine", "--folder", "full"), "full: the folder is not empty, want a new or an empty one"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    installed: Installed, table: Path, arguments: tuple[str, ...], wanted: str
) -> None:
    (table.parent / "full").mkdir()
    (table.parent / "full/letter.txt").write_text("mine")
    printed = installed.run(table.parent, *arguments, code=1)
    assert wanted in printed
    assert len(printed.splitlines()) == 1
    assert sorted(path.name for path in table.parent.iterdir()) == ["full", table.name]
    assert [path.name for path in (table.parent / "full").iterdir()] == ["letter.txt"]
