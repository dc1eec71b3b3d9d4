"""Makes a notebook of each script of this folder, and runs it: cells begin with `# %%`, text with `# %% [markdown]`.

    python examples/python/notebooks.py [NAME ...] [--out FOLDER]

The scripts are what is edited; the notebooks, with their pictures, follow from them. Needs nbclient, nbformat, ipykernel, and what the scripts need.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent
NAMES = ("digit", "formula", "pinn")
MARK = "# %%"


def cells(text: str) -> list[nbformat.NotebookNode]:
    """The cells of a script."""
    made = []
    for part in text.split(f"\n{MARK}"):
        part = part.removeprefix(MARK)
        kind, _, body = part.partition("\n")
        if kind.strip() == "[markdown]":
            lines = [line.removeprefix("#").removeprefix(" ") for line in body.strip().splitlines()]
            made.append(nbformat.v4.new_markdown_cell("\n".join(lines)))
        else:
            made.append(nbformat.v4.new_code_cell(body.strip()))
    for number, cell in enumerate(made):
        cell["id"] = f"cell-{number}"  # the same each time
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}; default: all")
    parser.add_argument("--out", type=Path, default=HERE)
    arguments = parser.parse_args()
    for name in arguments.names or NAMES:
        notebook = nbformat.v4.new_notebook(cells=cells((HERE / f"{name}.py").read_text()))
        notebook.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
        NotebookClient(notebook, timeout=600, resources={"metadata": {"path": HERE}}).execute()
        for cell in notebook.cells:
            cell.get("metadata", {}).pop("execution", None)  # times, which change
        notebook.metadata.pop("language_info", None)
        arguments.out.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, arguments.out / f"{name}.ipynb")
        print(f"{arguments.out / name}.ipynb")


if __name__ == "__main__":
    main()
