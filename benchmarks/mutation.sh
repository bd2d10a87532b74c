#!/usr/bin/env bash
# Changes the core in some thousand small ways, and counts the changes that no fast test notices:
#   bash benchmarks/mutation.sh FOLDER [MODULE ...]       by default all modules of the core
# FOLDER gets an environment and a copy of the tree, with the results: `mutmut results` there.
set -euo pipefail
folder="$(realpath -m "$1")"
shift
cd "$(dirname "$0")/.."
modules=("$@")
[ ${#modules[@]} -gt 0 ] || modules=(archive batches files npz parameters sampling checkpoint
  vocabulary loss optimizers recurrent resume)

mkdir -p "$folder/tree"
[ -d "$folder/venv" ] || "${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --requirement requirements.txt \
  --requirement tests/requirements.txt mutmut==3.8.1
cp -r charrnn tests data pretrained app.py README.md pyproject.toml "$folder/tree"
cd "$folder/tree"
rm -rf tests/browser # the slow part of collecting
quoted=$(printf '"charrnn/%s.py", ' "${modules[@]}")
tests=$(sed 's/.*/"&",/' tests/core.txt | tr '\n' ' ')
cat >> pyproject.toml << EOF

[tool.mutmut]
source_paths = ["charrnn"]
only_mutate = [$quoted]
also_copy = ["tests", "charrnn", "pretrained", "data", "app.py", "README.md"]
pytest_add_cli_args = ["-q", "-m", "not slow", "-k", "not kills and not largest and not process"]
pytest_add_cli_args_test_selection = [$tests]
EOF
export OPENBLAS_NUM_THREADS=1
"$folder/venv/bin/mutmut" run
"$folder/venv/bin/mutmut" results
