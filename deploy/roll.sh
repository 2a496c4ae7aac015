#!/usr/bin/env bash
# A new version of the prefecture, one part after another: each is told to stop (SIGTERM), drains, and its successor is
# ready before the next one is touched. Ends where something doesn't come back; the rest stays as it was.
#   deploy/roll.sh [SERVICE ...]     default: workers, Rasas, apps, in this order
set -euo pipefail
cd "$(dirname "$0")"

wait_s=${WAIT_S:-600}
compose() { docker compose -f prefecture.compose.yml "$@"; }

is_ready() {
    local running
    running=$(compose ps --status running --format '{{.Service}} {{.Health}}')
    grep -qx "$1 healthy" <<<"$running"
}

# Of two, the other one answers meanwhile.
twin_of() {
    case $1 in
        *1) echo "${1%1}2" ;;
        *2) echo "${1%2}1" ;;
        *) echo "$1 has no twin: people would wait for it" >&2; return 1 ;;
    esac
}

services=("$@")
if [ ${#services[@]} -eq 0 ]; then
    services=(worker1 worker2 rasa1 rasa2 app1 app2)
    compose build
    # Tables first, while the version before still runs on them. Nobody has tried whether each can: in doubt, when all
    # are stopped (docker compose down; up).
    compose run --rm --no-deps prepare
fi

for service in "${services[@]}"; do
    twin=$(twin_of "$service")
    is_ready "$twin" || { echo "$twin isn't ready, so $service stays" >&2; exit 1; }
    echo "$service ..."
    compose up --detach --no-deps --force-recreate --wait --wait-timeout "$wait_s" "$service"
    echo "$service is ready"
done
