#!/bin/sh
# Listens to a channel until it is stopped: ./listen.sh chat:general
# TOKEN: of a user; in development
#   TOKEN=$(curl -sS "$PARLEY_URL/api/auth/sign-in" -H 'content-type: application/json' -d '{"name":"Ada"}' | sed 's/.*"token":"\([^"]*\)".*/\1/')
set -eu
: "${PARLEY_URL:=http://127.0.0.1:3001}" "${TOKEN:?a token}"
exec curl --fail-with-body -sSN "$PARLEY_URL/realtime/sse?channel=$1&recent=${2:-5}" -H "Authorization: Bearer $TOKEN"
