"""The documentation as a site: the repository's own texts, and the reference of the Python package from its docstrings.

    bash docs/site/build.sh [FOLDER]
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "bindings/python/python"))

project = "hope"
copyright = "the developers of hope"
root_doc = "docs/site/index"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]

# The folder of sources is the repository, so that links between its texts hold here as there.
include_patterns = [
    "docs/site/*.md",
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs/*.md",
    "benches/README.md",
    "benches/isa/README.md",
    "benches/peers/README.md",
    "bindings/python/README.md",
    "bindings/web/README.md",
    "examples/*/README.md",
    "shaders/README.md",
]
exclude_patterns = ["**/node_modules", "**/target", "**/.venv*"]

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4
# Long tables have lines of their own kind; code blocks of the shell have comments that no lexer knows.
suppress_warnings = ["misc.highlighting_failure"]

autodoc_mock_imports = ["hope._hope"]
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
napoleon_google_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = "hope"
