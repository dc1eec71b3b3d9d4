"""The notebooks of examples/python: they run, and are what their scripts say."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import hope
from conftest import ROOT

FOLDER = ROOT / "examples" / "python"
NEEDS = {"digit": "matplotlib", "formula": "sklearn", "pinn": "torch"}

nbformat = pytest.importorskip("nbformat")


@pytest.mark.parametrize("name", NEEDS)
def test_stored_notebooks_are_their_scripts(name: str) -> None:
    pytest.importorskip("nbclient")
    cells = runpy.run_path(str(FOLDER / "notebooks.py"))["cells"]
    script = cells((FOLDER / f"{name}.py").read_text())
    stored = nbformat.read(FOLDER / f"{name}.ipynb", 4).cells
    assert [(cell.cell_type, cell.source) for cell in stored] == [(cell.cell_type, cell.source) for cell in script], (
        "python examples/python/notebooks.py makes them anew"
    )


@pytest.mark.parametrize("name", NEEDS)
def test_notebooks_run(name: str, tmp_path: Path) -> None:
    for package in ("nbclient", "ipykernel", NEEDS[name]):
        pytest.importorskip(package)
    paths = os.pathsep.join(filter(None, [str(Path(hope.__file__).parents[1]), os.environ.get("PYTHONPATH")]))
    command: list[str | Path] = [sys.executable, FOLDER / "notebooks.py", name, "--out", tmp_path]
    made = subprocess.run(command, env={**os.environ, "PYTHONPATH": paths}, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert made.returncode == 0, made.stderr[-3000:]
    outputs = [output for cell in nbformat.read(tmp_path / f"{name}.ipynb", 4).cells for output in cell.get("outputs", [])]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) >= {"digit": 4, "formula": 0, "pinn": 2}[name]
