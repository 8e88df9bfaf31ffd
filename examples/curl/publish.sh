#!/bin/sh
# Publishes a text: ./publish.sh chat:general 'Hello from a shell'
# Run twice with the same IDEMPOTENCY_KEY, it is published once.
set -eu
: "${PARLEY_URL:=http://127.0.0.1:3001}" "${PARLEY_KEY:?an app key, as ID:SECRET}"
TEXT=$(printf '%s' "$2" | sed 's/\\/\\\\/g; s/"/\\"/g')
curl --fail-with-body -sS "$PARLEY_URL/api/channels/$1/events" \
  -H "X-API-Key: $PARLEY_KEY" -H 'content-type: application/json' \
  -H "idempotency-key: ${IDEMPOTENCY_KEY:-shell-$$-$(date +%s)}" \
  -d "{\"data\":{\"text\":\"$TEXT\"}}"
