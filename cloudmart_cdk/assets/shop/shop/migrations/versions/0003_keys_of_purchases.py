"""An order keeps the hash of its Idempotency-Key, not the key.

The version before wrote the key, and made the session of a first purchase from it; both versions run at once during a
release, so what that one writes is completed by a trigger. It gets an error, never a second order, for a key that this
version has taken. The column `idempotency_key` holds the hash in hex from now on; it goes one release later, and with
it the trigger and the keys which the version before wrote last.
"""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("ALTER TABLE orders ADD COLUMN key_hash bytea, ADD COLUMN sessionless boolean NOT NULL DEFAULT false")
    # Fully qualified, because a restore runs with an empty search path.
    op.execute("""
        CREATE FUNCTION shop_key_hash(key text) RETURNS bytea LANGUAGE sql STABLE STRICT PARALLEL SAFE
        RETURN pg_catalog.sha256(pg_catalog.convert_to(key, 'UTF8'))
    """)
    op.execute("""
        CREATE FUNCTION shop_first_session(key text) RETURNS bytea LANGUAGE sql STABLE STRICT PARALLEL SAFE
        RETURN shop_key_hash(pg_catalog.translate(
            pg_catalog.encode(shop_key_hash('session of the purchase ' || key), 'base64'), '+/=', '-_'))
    """)
    op.execute("""
        CREATE FUNCTION shop_hash_key() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            NEW.key_hash := public.shop_key_hash(NEW.idempotency_key);
            NEW.sessionless := NEW.session OPERATOR(pg_catalog.=) public.shop_first_session(NEW.idempotency_key);
            RETURN NEW;
        END $$
    """)
    op.execute("""
        UPDATE orders SET key_hash = shop_key_hash(idempotency_key),
            sessionless = session = shop_first_session(idempotency_key)
    """)
    # Younger ones may still be asked for again, of the version before.
    op.execute("""
        UPDATE orders SET idempotency_key = encode(key_hash, 'hex') WHERE created_at < now() - interval '1 hour'
    """)
    op.execute("CREATE UNIQUE INDEX orders_by_key ON orders (session, key_hash)")
    op.execute("CREATE UNIQUE INDEX orders_by_sessionless_key ON orders (key_hash) WHERE sessionless")
    op.execute("""
        CREATE TRIGGER hash_key BEFORE INSERT ON orders FOR EACH ROW WHEN (NEW.key_hash IS NULL)
        EXECUTE FUNCTION shop_hash_key()
    """)
