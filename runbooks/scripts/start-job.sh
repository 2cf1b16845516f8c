#!/bin/sh
# Starts the job or service it is given: here a line in state/started.log, at your place `systemctl restart "$1"`.
set -eu
mkdir -p state
echo "$AT $1, for incident $INCIDENT" >> state/started.log
echo "started $1"
