#!/usr/bin/env bash
# Builds the documentation as a site: docs/site/build.sh [FOLDER], by default target/site. A warning is an error.
set -euo pipefail
cd "$(dirname "$0")/../.."

[ -x .venv/bin/python ] || python3 -m venv .venv
.venv/bin/python -c "import furo, myst_parser, numpy, sphinx" 2>/dev/null ||
    .venv/bin/python -m pip install --quiet furo myst-parser numpy sphinx
folder=${1:-target/site}
.venv/bin/python -m sphinx -W --keep-going -q -c docs/site . "$folder"
echo "$folder/docs/site/index.html"
