#!/usr/bin/env bash
# Changes the core in some two thousand small ways, and counts the changes that no test notices:
#   bash benchmarks/mutation.sh FOLDER [MODULE ...]       by default all modules of the core
# FOLDER gets an environment, a copy of the tree and the results. Started again, it goes on.
set -euo pipefail
if [ "$(id -u)" = 0 ]; then
  echo "Run this as an ordinary user: a mutant that writes files has replaced /dev/null once." >&2
  exit 2
fi
folder="$(realpath -m "${1:?name a folder for the environment, the copy and the results}")"
shift
cd "$(dirname "$0")/.."
modules=("$@")
[ ${#modules[@]} -gt 0 ] || modules=(files vocabulary formats/{npz,strict_json} training/{batches,checkpoint,metadata,optimizers,state}
  network/{loss,parameters,products,recurrent,sampling})

mkdir -p "$folder/tree"
[ -d "$folder/venv" ] || "${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --requirement requirements.txt \
  --requirement tests/requirements.txt mutmut==3.8.1
cp benchmarks/mutants.py benchmarks/mutants.txt "$folder"
cp -r charrnn tests data pretrained app.py README.md pyproject.toml "$folder/tree"
cd "$folder/tree"
rm -rf tests/browser # the slow part of collecting
# mutmut leaves decorated functions alone, and two of them matter.
sed -i '/^@in_blocks$/d; s/^def adamw(/adam = in_blocks(adam)\n\n\n&/' charrnn/training/optimizers.py
sed -i '/^@lru_cache/d' charrnn/training/batches.py
quoted=$(printf '"charrnn/%s.py", ' "${modules[@]}")
tests=$(sed 's/.*/"&",/' tests/core.txt | tr '\n' ' ')
cat >> pyproject.toml << EOT

[tool.mutmut]
source_paths = ["charrnn"]
only_mutate = [$quoted]
also_copy = ["charrnn", "pretrained", "data", "app.py", "README.md"]
timeout_multiplier = 8.0
timeout_constant = 3.0
pytest_add_cli_args = ["-q", "-p", "mutants", "-p", "no:cacheprovider", "-m", "not slow"]
pytest_add_cli_args_test_selection = [$tests]
EOT
export OPENBLAS_NUM_THREADS=1 PYTHONPATH="$folder"
ulimit -v 8000000 # a mutant of the reader may take all the memory that a bomb asks for
"$folder/venv/bin/mutmut" run
"$folder/venv/bin/python" ../mutants.py ../mutants.txt
