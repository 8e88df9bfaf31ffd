#!/bin/sh
# The newest events of a channel: ./history.sh chat:general 10
set -eu
: "${PARLEY_URL:=http://127.0.0.1:3001}" "${PARLEY_KEY:?an app key, as ID:SECRET}"
curl --fail-with-body -sS "$PARLEY_URL/api/channels/$1/events?limit=${2:-20}" -H "X-API-Key: $PARLEY_KEY"
