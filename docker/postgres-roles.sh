#!/bin/sh
# Makes the three roles and the database on the first start; docs/operators.md says what they may.
set -eu
psql --set=ON_ERROR_STOP=1 --username=postgres --dbname=postgres \
  --set=owner="$OWNER_PASSWORD" --set=app="$APP_PASSWORD" --set=system="$SYSTEM_PASSWORD" <<'SQL'
CREATE ROLE yunshang_owner LOGIN PASSWORD :'owner' NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
CREATE ROLE yunshang_app LOGIN PASSWORD :'app' NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
CREATE ROLE yunshang_system LOGIN PASSWORD :'system' NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
CREATE DATABASE yunshang OWNER yunshang_owner TEMPLATE template0 ENCODING 'UTF8';
REVOKE ALL ON DATABASE yunshang FROM PUBLIC;
GRANT CONNECT ON DATABASE yunshang TO yunshang_app, yunshang_system;
SQL
