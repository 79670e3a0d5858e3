"""What a database says that it is made of, a line an object; and its tables, as far as reading them needs.

Owns the queries to PostgreSQL's catalogues (its manual, "System Catalogs"). Names are qualified: sessions have an empty
search path.
"""

from typing import Final

_OURS: Final = """
n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and not exists (
    select from pg_depend d where d.objid = {object} and d.classid = '{catalogue}'::regclass and d.deptype = 'e')
"""
"""Neither PostgreSQL's own nor an extension's."""
_RELATION: Final = _OURS.format(object="c.oid", catalogue="pg_class")

LINES: Final = f"""
with relation as (
    select c.* from pg_class c join pg_namespace n on n.oid = c.relnamespace where {_RELATION}
)
select 'extension ' || extname || ' ' || extversion from pg_extension
union all
select 'schema ' || nspname from pg_namespace n where {_OURS.format(object="n.oid", catalogue="pg_namespace")}
union all
select case relkind when 'v' then 'view ' when 'm' then 'materialized view ' when 'S' then 'sequence '
        when 'f' then 'foreign table ' else 'table ' end || oid::regclass
        || case when relkind in ('v', 'm') then ' as ' || md5(pg_get_viewdef(oid)) else '' end
    from relation where relkind in ('r', 'p', 'v', 'm', 'S', 'f')
union all
select 'column ' || r.oid::regclass || '.' || quote_ident(attname) || ' ' || format_type(atttypid, atttypmod)
        || case when attnotnull then ' not null' else '' end
        || coalesce(' default ' || pg_get_expr(adbin, adrelid), '')
    from relation r join pg_attribute on attrelid = r.oid and attnum > 0 and not attisdropped
        left join pg_attrdef on adrelid = r.oid and adnum = attnum
    where relkind in ('r', 'p', 'f')
union all
select 'constraint ' || conrelid::regclass || ': ' || conname || ' ' || pg_get_constraintdef(k.oid)
    from pg_constraint k join relation r on r.oid = conrelid
union all
select 'index ' || pg_get_indexdef(indexrelid) || case when indisvalid then '' else ' (invalid)' end
    from pg_index join relation r on r.oid = indrelid
union all
select 'trigger ' || tgrelid::regclass || ': ' || pg_get_triggerdef(g.oid)
    from pg_trigger g join relation r on r.oid = tgrelid where not tgisinternal
union all
select 'function ' || p.oid::regprocedure || ' ' || md5(prosrc)
    from pg_proc p join pg_namespace n on n.oid = pronamespace
    where {_OURS.format(object="p.oid", catalogue="pg_proc")}
union all
select 'enumeration ' || t.oid::regtype || ': ' || string_agg(enumlabel, ', ' order by enumsortorder)
    from pg_enum join pg_type t on t.oid = enumtypid join pg_namespace n on n.oid = typnamespace
    where {_OURS.format(object="t.oid", catalogue="pg_type")}
    group by t.oid
"""

TABLES: Final = f"""
select c.oid::regclass::text, pg_table_size(c.oid), greatest(c.reltuples, 0)::bigint, c.relpersistence = 'u',
    has_table_privilege(c.oid, 'SELECT'),
    (select quote_ident(attname) from pg_attribute join pg_attrdef on adrelid = attrelid and adnum = attnum
        where attrelid = c.oid and atttypid = 'timestamptz'::regtype and attnotnull and not attisdropped
            and pg_get_expr(adbin, adrelid) ~* '^(now\\(\\)|current_timestamp|transaction_timestamp\\(\\)'
                '|statement_timestamp\\(\\)|clock_timestamp\\(\\))$'
        order by attnum limit 1)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'm') and {_RELATION}
order by 1
"""
"""Name, bytes, rows by the planner's estimate, unlogged, may be read, and the column that says when a row was made (a
`timestamptz not null` that defaults to now)."""

WALKS: Final = f"""
select c.oid::regclass::text, i.indexrelid::regclass::text, (
    select string_agg(quote_ident(attname) || case when indoption[place - 1] & 1 = 1 then ' desc' else '' end
        || case when indoption[place - 1] & 2 = 2 then ' nulls first' else ' nulls last' end, ', ' order by place)
    from generate_series(1, i.indnkeyatts) as place
        join pg_attribute on attrelid = i.indrelid and attnum = i.indkey[place - 1])
from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_class x on x.oid = i.indexrelid join pg_am on pg_am.oid = x.relam and amname = 'btree'
where i.indisvalid and i.indpred is null and i.indexprs is null and c.relkind in ('r', 'm') and {_RELATION}
order by 1, 2
"""
"""Table, B-tree index over all its rows, and the order that the index gives."""
