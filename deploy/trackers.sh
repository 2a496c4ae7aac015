#!/bin/sh
# Run once by PostgreSQL's image, in a new volume: a database for what Rasa remembers, and a user who sees no other.
set -eu
psql --no-psqlrc --set=ON_ERROR_STOP=1 --set=word="$TRACKER_PASSWORD" --username="$POSTGRES_USER" --dbname=postgres <<'SQL'
CREATE ROLE rasa LOGIN PASSWORD :'word';
CREATE DATABASE rasa OWNER rasa;
REVOKE CONNECT ON DATABASE linli FROM PUBLIC;
REVOKE CONNECT ON DATABASE rasa FROM PUBLIC;
SQL
