#!/bin/sh
# The three newest error lines that the scoring service had logged by the tick; what it prints is kept with the step.
set -eu
grep '"level": "ERROR"' config/data/scoring-log.jsonl | awk -F '"' -v at="$AT" '$4 < at' | tail -n 3
