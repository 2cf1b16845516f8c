#!/bin/sh
# Keeps standard input as the incident's issue, in state/issues: an issue tracker for those who have none.
set -eu
mkdir -p state/issues
cat > "state/issues/$INCIDENT.md"
echo "state/issues/$INCIDENT.md"
