#!/usr/bin/env bash
# A new version of the prefecture, one part after another: each is told to stop (SIGTERM), drains, and its successor is
# ready before the next one is touched. Ends where something doesn't come back; the rest stays as it was.
#   deploy/roll.sh [SERVICE ...]     default: all workers, Rasas, apps, in this order
set -euo pipefail
cd "$(dirname "$0")"

wait_s=${WAIT_S:-600}
compose() { docker compose -f prefecture.compose.yml "$@"; }

# Whether another one of its kind answers meanwhile: of app1, any appN.
has_another() {
    local running others
    running=$(compose ps --status running --format '{{.Service}} {{.Health}}')
    others=$(grep -vx "$1 healthy" <<<"$running")
    grep -Eqx "${1%%[0-9]*}[0-9]+ healthy" <<<"$others"
}

services=("$@")
if [ ${#services[@]} -eq 0 ]; then
    every=$(compose config --services)
    for kind in worker rasa app; do
        mapfile -t -O ${#services[@]} services < <(grep -Ex "${kind}[0-9]+" <<<"$every" | sort -V)
    done
    compose build
    # Tables first, while the version before still runs on them. Nobody has tried whether each can: in doubt, when all
    # are stopped (docker compose down; up).
    compose run --rm --no-deps prepare
fi

for service in "${services[@]}"; do
    has_another "$service" || { echo "nobody answers for $service, so it stays" >&2; exit 1; }
    echo "$service ..."
    compose up --detach --no-deps --force-recreate --wait --wait-timeout "$wait_s" "$service"
    echo "$service is ready"
done
