-- What the dumps were made of: the Compose shop's tables, and beside them one of everything that is hard to move.
CREATE TYPE order_status AS ENUM ('placed', 'paid', 'cancelled');
CREATE DOMAIN price AS integer CHECK (VALUE >= 0);
CREATE TABLE products (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku text NOT NULL UNIQUE,
    name_ko text NOT NULL,
    name_en text NOT NULL,
    description text,
    price price NOT NULL,
    price_with_tax integer GENERATED ALWAYS AS (price + price / 10) STORED,
    stock integer NOT NULL CHECK (stock >= 0),
    tags text[] NOT NULL DEFAULT '{}',
    picture bytea,
    attributes jsonb,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE products IS 'What is sold; 상품';
INSERT INTO products (sku, name_ko, name_en, description, price, stock, tags, picture, attributes, created_at)
SELECT 'SKU-' || i, '김치 ' || i || '호', 'Kimchi no. ' || i,
    CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN E'two\nlines\tand a tab' WHEN 2 THEN E'C:\\new\\.\n\\.\nnot the end' ELSE '' END,
    1000 * i, i % 7, ARRAY['새것', E'a "quoted"\\ one', NULL], decode(md5(i::text), 'hex') || '\x000a5c2e0a'::bytea,
    jsonb_build_object('무게', i, 'note', E'line\nbreak'), timestamptz '2024-03-10 06:30:00+00' + i * interval '37 hours'
FROM generate_series(1, 40) i;
CREATE TABLE orders (
    id uuid PRIMARY KEY,
    placed_at timestamptz NOT NULL,
    status order_status NOT NULL DEFAULT 'placed',
    total numeric(12, 2) NOT NULL
);
INSERT INTO orders SELECT md5(i::text)::uuid, timestamptz '2024-11-03 05:15:00.5+00' + i * interval '1 hour', 'paid', i * 1.1
FROM generate_series(1, 30) i;
CREATE TABLE order_lines (
    order_id uuid NOT NULL REFERENCES orders ON DELETE CASCADE,
    product_id bigint NOT NULL REFERENCES products,
    quantity smallint NOT NULL
);
INSERT INTO order_lines SELECT md5((i % 30 + 1)::text)::uuid, i % 40 + 1, i % 3 + 1 FROM generate_series(0, 59) i;
CREATE INDEX ON order_lines (product_id);
CREATE TABLE no_rows (id integer);
CREATE TABLE no_columns ();
INSERT INTO no_columns DEFAULT VALUES;
CREATE TABLE same_rows (word text);
INSERT INTO same_rows VALUES ('twice'), ('twice'), (NULL), ('\N'), (''), (E'\\.');
CREATE SEQUENCE invoices START 1000;
SELECT nextval('invoices'), nextval('invoices');
CREATE SEQUENCE "unused; sequence";
CREATE SCHEMA "가게 ""1""";
CREATE TABLE "가게 ""1"""."Select; from (x" ("열, 하나" serial, "b)""" text);
INSERT INTO "가게 ""1"""."Select; from (x" ("b)""") VALUES ('값'), (E'\\');
CREATE TABLE events (at timestamptz NOT NULL, kind text) PARTITION BY RANGE (at);
CREATE TABLE events_2023 PARTITION OF events FOR VALUES FROM ('2023-01-01 00:00:00+00') TO ('2024-01-01 00:00:00+00');
CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01 00:00:00+00') TO ('2025-01-01 00:00:00+00');
INSERT INTO events SELECT timestamptz '2023-12-30 00:00:00+00' + i * interval '1 hour', 'click' FROM generate_series(1, 60) i;
CREATE TABLE parent (id integer);
CREATE TABLE child (extra text) INHERITS (parent);
INSERT INTO parent VALUES (1);
INSERT INTO child VALUES (2, 'x');
CREATE DOMAIN moment AS timestamptz;
CREATE TYPE visit AS (who text, at timestamptz);
CREATE TABLE moments (
    id integer, a timestamptz, b timestamptz[], c tstzrange, d visit, e moment, f timestamp, g timetz, h float8, i interval
);
INSERT INTO moments VALUES
    (1, '2024-07-01 12:00:00+00', '{"2024-01-01 00:00:00+00","1850-06-01 12:00:00+00"}', '[2024-03-31 00:59:59.999999+00,)',
     ROW('2024-01-01 00:00:00+09', '2024-07-01 00:00:00+00'), '0044-03-15 12:00:00+00 BC', '2024-01-01', '12:00+09', 0.1, '-1 day'),
    (2, 'infinity', '{}', 'empty', NULL, '-infinity', NULL, NULL, '-0', '1 year 2 mons'),
    (3, '12024-12-31 23:59:59+00', NULL, NULL, NULL, '0001-01-01 00:00:00+00', NULL, NULL, 'NaN', NULL);
CREATE VIEW in_stock AS SELECT sku, name_ko FROM products WHERE stock > 0;
CREATE MATERIALIZED VIEW sales AS SELECT product_id, sum(quantity) AS sold FROM order_lines GROUP BY 1;
CREATE FUNCTION take(which bigint, many integer) RETURNS void LANGUAGE plpgsql AS $body$
BEGIN
    UPDATE public.products SET stock = stock - many WHERE id = which; -- a ; and a ' and \!
END;
$body$;
CREATE FUNCTION cheapest() RETURNS bigint LANGUAGE sql
BEGIN ATOMIC
    SELECT CASE WHEN 1 > 0 THEN 1 END;
    SELECT id FROM public.products ORDER BY price LIMIT 1;
END;
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.description := ''changed by a trigger''; RETURN NEW; END';
CREATE TRIGGER stamp BEFORE INSERT ON products FOR EACH ROW EXECUTE FUNCTION stamp();
CREATE RULE keep AS ON DELETE TO orders DO INSTEAD (SELECT 1; SELECT 2);
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_of_them ON orders USING (true);
SELECT lo_from_bytea(0, '\x00ff0a5c'), lo_from_bytea(0, ''), lo_from_bytea(0, convert_to(repeat('그림', 2800), 'UTF8'));
CREATE ROLE shopkeeper;
GRANT SELECT ON products TO shopkeeper;
ALTER TABLE no_rows OWNER TO shopkeeper;
