"""Moving a database in: a dump of PostgreSQL 15 into a new database of PostgreSQL 16, compared, then switched.

A program of its own (`python -m data_move --dump FILE ...`), which runs on a throw-away instance in AWS and beside the
local cloud. It needs psycopg 3, and `pg_restore` of PostgreSQL 16 for dumps in custom format.

Owns everything between the dump and the switch; not how the dump gets there, and not the roles, which the rotation
function makes. Rooms: `dump` (recognise, open), `script` (split into statements), `statements` (what may run),
`restore`, `tally` (checksums), `verify` (compare), `databases` (make, switch, remove), `move` (the order of it all).
"""
