#!/bin/sh
# How the dumps beside this file were made: PostgreSQL 15's own programs, in a scratch cluster, from source.sql.
#   sh make.sh /usr/lib/postgresql/15/bin      (not as root; PostgreSQL 15.18 made those that are here)
# tests/localcloud/compose.dump was made by the same programs: a database of its own, the shop's own migrations in it
# (shop.migrate.migrate(connect)), one product ('옮겨 온 달항아리') and one order inserted, then pg_dump -Fc.
# New York, because its offset changes twice a year: a dump spells instants in the zone of pg_dump's session.
set -eu
programs=$1
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
export PGHOST="$scratch" PGUSER=postgres PGTZ=America/New_York
trap '"$programs/pg_ctl" --silent --pgdata="$scratch/data" --mode=immediate stop; rm -rf "$scratch"' EXIT
"$programs/initdb" --pgdata="$scratch/data" --username=postgres --encoding=UTF8 --locale=C.UTF-8 > "$scratch/initdb.log"
"$programs/pg_ctl" --silent --wait --pgdata="$scratch/data" --log="$scratch/log" \
    --options="-c listen_addresses='' -c unix_socket_directories='$scratch'" start
psql() { "$programs/psql" --no-psqlrc --quiet --tuples-only --output=/dev/null --set=ON_ERROR_STOP=1 "$@"; }
dump() { "$programs/pg_dump" "$@"; }
cd "$here"

psql --command='CREATE DATABASE shop'
psql --dbname=shop --file=source.sql
dump shop > shop.sql
dump --format=custom shop > shop.dump
gzip --best --no-name --keep --force shop.sql shop.dump
dump --load-via-partition-root --table=events --table='events_*' shop > partition-root.sql
dump --create --table=no_rows shop > create.sql
dump --inserts --table=same_rows shop > inserts.sql
dump --schema-only --table=same_rows shop > schema-only.sql
dump --format=tar --table=same_rows shop > tar.tar
"$programs/pg_dumpall" --exclude-database=shop > all.sql

psql --command="CREATE DATABASE small"
psql --dbname=small \
    --command="CREATE TABLE words (id integer PRIMARY KEY, word text); INSERT INTO words VALUES (1, 'café'), (2, 'naïve')"
dump --encoding=LATIN1 small > latin1.sql
# A default and a key: what --clean takes from a table before it drops it.
psql --dbname=small \
    --command="CREATE TABLE counted (id serial PRIMARY KEY, word text); INSERT INTO counted (word) VALUES ('one'), ('two')"
dump --clean --table=counted small > clean.sql
psql --dbname=small --command="DROP TABLE counted"
psql --dbname=small --command="CREATE EXTENSION hstore"
dump small > extension.sql

psql --command="CREATE DATABASE bytes ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0"
psql --dbname=bytes \
    --command="CREATE TABLE words (word text); INSERT INTO words VALUES ('plain'), (E'\\xEA\\xB0\\x80')"
dump bytes > ascii-utf8.sql
psql --dbname=bytes --command="INSERT INTO words VALUES (E'\\xB0\\xA1')" # the same letter in EUC-KR
dump bytes > ascii-euckr.sql
