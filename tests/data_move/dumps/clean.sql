--
-- PostgreSQL database dump
--

\restrict qjY86PKmPY30ix7DtIdTf3PSyQgnfjFqIrpOy4H6R5K9N3cYjakqXewsk1rdEL7

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

DROP POLICY all_of_them ON public.orders;
ALTER TABLE ONLY public.order_lines DROP CONSTRAINT order_lines_product_id_fkey;
ALTER TABLE ONLY public.order_lines DROP CONSTRAINT order_lines_order_id_fkey;
DROP TRIGGER stamp ON public.products;
DROP RULE keep ON public.orders;
DROP INDEX public.order_lines_product_id_idx;
ALTER TABLE ONLY public.products DROP CONSTRAINT products_sku_key;
ALTER TABLE ONLY public.products DROP CONSTRAINT products_pkey;
ALTER TABLE ONLY public.orders DROP CONSTRAINT orders_pkey;
ALTER TABLE "가게 ""1"""."Select; from (x" ALTER COLUMN "열, 하나" DROP DEFAULT;
DROP SEQUENCE "가게 ""1"""."Select; from (x_열, 하나_seq";
DROP TABLE "가게 ""1"""."Select; from (x";
DROP SEQUENCE public."unused; sequence";
DROP TABLE public.same_rows;
DROP MATERIALIZED VIEW public.sales;
DROP TABLE public.orders;
DROP TABLE public.order_lines;
DROP TABLE public.no_rows;
DROP TABLE public.no_columns;
DROP TABLE public.moments;
DROP SEQUENCE public.invoices;
DROP VIEW public.in_stock;
DROP TABLE public.events_2024;
DROP TABLE public.events_2023;
DROP TABLE public.events;
DROP TABLE public.child;
DROP TABLE public.parent;
DROP FUNCTION public.take(which bigint, many integer);
DROP FUNCTION public.stamp();
DROP FUNCTION public.cheapest();
DROP TABLE public.products;
DROP TYPE public.visit;
DROP DOMAIN public.price;
DROP TYPE public.order_status;
DROP DOMAIN public.moment;
DROP SCHEMA "가게 ""1""";
--
-- Name: 가게 "1"; Type: SCHEMA; Schema: -; Owner: postgres
--

CREATE SCHEMA "가게 ""1""";


ALTER SCHEMA "가게 ""1""" OWNER TO postgres;

--
-- Name: moment; Type: DOMAIN; Schema: public; Owner: postgres
--

CREATE DOMAIN public.moment AS timestamp with time zone;


ALTER DOMAIN public.moment OWNER TO postgres;

--
-- Name: order_status; Type: TYPE; Schema: public; Owner: postgres
--

CREATE TYPE public.order_status AS ENUM (
    'placed',
    'paid',
    'cancelled'
);


ALTER TYPE public.order_status OWNER TO postgres;

--
-- Name: price; Type: DOMAIN; Schema: public; Owner: postgres
--

CREATE DOMAIN public.price AS integer
	CONSTRAINT price_check CHECK ((VALUE >= 0));


ALTER DOMAIN public.price OWNER TO postgres;

--
-- Name: visit; Type: TYPE; Schema: public; Owner: postgres
--

CREATE TYPE public.visit AS (
	who text,
	at timestamp with time zone
);


ALTER TYPE public.visit OWNER TO postgres;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: products; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.products (
    id bigint NOT NULL,
    sku text NOT NULL,
    name_ko text NOT NULL,
    name_en text NOT NULL,
    description text,
    price public.price NOT NULL,
    price_with_tax integer GENERATED ALWAYS AS (((price)::integer + ((price)::integer / 10))) STORED,
    stock integer NOT NULL,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    picture bytea,
    attributes jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT products_stock_check CHECK ((stock >= 0))
);


ALTER TABLE public.products OWNER TO postgres;

--
-- Name: TABLE products; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.products IS 'What is sold; 상품';


--
-- Name: cheapest(); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.cheapest() RETURNS bigint
    LANGUAGE sql
    BEGIN ATOMIC
 SELECT
         CASE
             WHEN (1 > 0) THEN 1
             ELSE NULL::integer
         END AS "case";
 SELECT products.id
    FROM public.products
   ORDER BY products.price
  LIMIT 1;
END;


ALTER FUNCTION public.cheapest() OWNER TO postgres;

--
-- Name: stamp(); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.stamp() RETURNS trigger
    LANGUAGE plpgsql
    AS $$BEGIN NEW.description := 'changed by a trigger'; RETURN NEW; END$$;


ALTER FUNCTION public.stamp() OWNER TO postgres;

--
-- Name: take(bigint, integer); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.take(which bigint, many integer) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    UPDATE public.products SET stock = stock - many WHERE id = which; -- a ; and a ' and \!
END;
$$;


ALTER FUNCTION public.take(which bigint, many integer) OWNER TO postgres;

--
-- Name: parent; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.parent (
    id integer
);


ALTER TABLE public.parent OWNER TO postgres;

--
-- Name: child; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.child (
    extra text
)
INHERITS (public.parent);


ALTER TABLE public.child OWNER TO postgres;

--
-- Name: events; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.events (
    at timestamp with time zone NOT NULL,
    kind text
)
PARTITION BY RANGE (at);


ALTER TABLE public.events OWNER TO postgres;

--
-- Name: events_2023; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.events_2023 (
    at timestamp with time zone NOT NULL,
    kind text
);


ALTER TABLE public.events_2023 OWNER TO postgres;

--
-- Name: events_2024; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.events_2024 (
    at timestamp with time zone NOT NULL,
    kind text
);


ALTER TABLE public.events_2024 OWNER TO postgres;

--
-- Name: in_stock; Type: VIEW; Schema: public; Owner: postgres
--

CREATE VIEW public.in_stock AS
 SELECT products.sku,
    products.name_ko
   FROM public.products
  WHERE (products.stock > 0);


ALTER TABLE public.in_stock OWNER TO postgres;

--
-- Name: invoices; Type: SEQUENCE; Schema: public; Owner: postgres
--

CREATE SEQUENCE public.invoices
    START WITH 1000
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.invoices OWNER TO postgres;

--
-- Name: moments; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.moments (
    id integer,
    a timestamp with time zone,
    b timestamp with time zone[],
    c tstzrange,
    d public.visit,
    e public.moment,
    f timestamp without time zone,
    g time with time zone,
    h double precision,
    i interval
);


ALTER TABLE public.moments OWNER TO postgres;

--
-- Name: no_columns; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.no_columns (
);


ALTER TABLE public.no_columns OWNER TO postgres;

--
-- Name: no_rows; Type: TABLE; Schema: public; Owner: shopkeeper
--

CREATE TABLE public.no_rows (
    id integer
);


ALTER TABLE public.no_rows OWNER TO shopkeeper;

--
-- Name: order_lines; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.order_lines (
    order_id uuid NOT NULL,
    product_id bigint NOT NULL,
    quantity smallint NOT NULL
);


ALTER TABLE public.order_lines OWNER TO postgres;

--
-- Name: orders; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.orders (
    id uuid NOT NULL,
    placed_at timestamp with time zone NOT NULL,
    status public.order_status DEFAULT 'placed'::public.order_status NOT NULL,
    total numeric(12,2) NOT NULL
);


ALTER TABLE public.orders OWNER TO postgres;

--
-- Name: products_id_seq; Type: SEQUENCE; Schema: public; Owner: postgres
--

ALTER TABLE public.products ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.products_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: sales; Type: MATERIALIZED VIEW; Schema: public; Owner: postgres
--

CREATE MATERIALIZED VIEW public.sales AS
 SELECT order_lines.product_id,
    sum(order_lines.quantity) AS sold
   FROM public.order_lines
  GROUP BY order_lines.product_id
  WITH NO DATA;


ALTER TABLE public.sales OWNER TO postgres;

--
-- Name: same_rows; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.same_rows (
    word text
);


ALTER TABLE public.same_rows OWNER TO postgres;

--
-- Name: unused; sequence; Type: SEQUENCE; Schema: public; Owner: postgres
--

CREATE SEQUENCE public."unused; sequence"
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public."unused; sequence" OWNER TO postgres;

--
-- Name: Select; from (x; Type: TABLE; Schema: 가게 "1"; Owner: postgres
--

CREATE TABLE "가게 ""1"""."Select; from (x" (
    "열, 하나" integer NOT NULL,
    "b)""" text
);


ALTER TABLE "가게 ""1"""."Select; from (x" OWNER TO postgres;

--
-- Name: Select; from (x_열, 하나_seq; Type: SEQUENCE; Schema: 가게 "1"; Owner: postgres
--

CREATE SEQUENCE "가게 ""1"""."Select; from (x_열, 하나_seq"
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE "가게 ""1"""."Select; from (x_열, 하나_seq" OWNER TO postgres;

--
-- Name: Select; from (x_열, 하나_seq; Type: SEQUENCE OWNED BY; Schema: 가게 "1"; Owner: postgres
--

ALTER SEQUENCE "가게 ""1"""."Select; from (x_열, 하나_seq" OWNED BY "가게 ""1"""."Select; from (x"."열, 하나";


--
-- Name: events_2023; Type: TABLE ATTACH; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.events ATTACH PARTITION public.events_2023 FOR VALUES FROM ('2022-12-31 19:00:00-05') TO ('2023-12-31 19:00:00-05');


--
-- Name: events_2024; Type: TABLE ATTACH; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.events ATTACH PARTITION public.events_2024 FOR VALUES FROM ('2023-12-31 19:00:00-05') TO ('2024-12-31 19:00:00-05');


--
-- Name: Select; from (x 열, 하나; Type: DEFAULT; Schema: 가게 "1"; Owner: postgres
--

ALTER TABLE ONLY "가게 ""1"""."Select; from (x" ALTER COLUMN "열, 하나" SET DEFAULT nextval('"가게 ""1"""."Select; from (x_열, 하나_seq"'::regclass);


--
-- Data for Name: child; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.child (id, extra) FROM stdin;
2	x
\.


--
-- Data for Name: events_2023; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.events_2023 (at, kind) FROM stdin;
2023-12-29 20:00:00-05	click
2023-12-29 21:00:00-05	click
2023-12-29 22:00:00-05	click
2023-12-29 23:00:00-05	click
2023-12-30 00:00:00-05	click
2023-12-30 01:00:00-05	click
2023-12-30 02:00:00-05	click
2023-12-30 03:00:00-05	click
2023-12-30 04:00:00-05	click
2023-12-30 05:00:00-05	click
2023-12-30 06:00:00-05	click
2023-12-30 07:00:00-05	click
2023-12-30 08:00:00-05	click
2023-12-30 09:00:00-05	click
2023-12-30 10:00:00-05	click
2023-12-30 11:00:00-05	click
2023-12-30 12:00:00-05	click
2023-12-30 13:00:00-05	click
2023-12-30 14:00:00-05	click
2023-12-30 15:00:00-05	click
2023-12-30 16:00:00-05	click
2023-12-30 17:00:00-05	click
2023-12-30 18:00:00-05	click
2023-12-30 19:00:00-05	click
2023-12-30 20:00:00-05	click
2023-12-30 21:00:00-05	click
2023-12-30 22:00:00-05	click
2023-12-30 23:00:00-05	click
2023-12-31 00:00:00-05	click
2023-12-31 01:00:00-05	click
2023-12-31 02:00:00-05	click
2023-12-31 03:00:00-05	click
2023-12-31 04:00:00-05	click
2023-12-31 05:00:00-05	click
2023-12-31 06:00:00-05	click
2023-12-31 07:00:00-05	click
2023-12-31 08:00:00-05	click
2023-12-31 09:00:00-05	click
2023-12-31 10:00:00-05	click
2023-12-31 11:00:00-05	click
2023-12-31 12:00:00-05	click
2023-12-31 13:00:00-05	click
2023-12-31 14:00:00-05	click
2023-12-31 15:00:00-05	click
2023-12-31 16:00:00-05	click
2023-12-31 17:00:00-05	click
2023-12-31 18:00:00-05	click
\.


--
-- Data for Name: events_2024; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.events_2024 (at, kind) FROM stdin;
2023-12-31 19:00:00-05	click
2023-12-31 20:00:00-05	click
2023-12-31 21:00:00-05	click
2023-12-31 22:00:00-05	click
2023-12-31 23:00:00-05	click
2024-01-01 00:00:00-05	click
2024-01-01 01:00:00-05	click
2024-01-01 02:00:00-05	click
2024-01-01 03:00:00-05	click
2024-01-01 04:00:00-05	click
2024-01-01 05:00:00-05	click
2024-01-01 06:00:00-05	click
2024-01-01 07:00:00-05	click
\.


--
-- Data for Name: moments; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.moments (id, a, b, c, d, e, f, g, h, i) FROM stdin;
1	2024-07-01 08:00:00-04	{"2023-12-31 19:00:00-05","1850-06-01 07:03:58-04:56:02"}	["2024-03-30 20:59:59.999999-04",)	("2024-01-01 00:00:00+09","2024-06-30 20:00:00-04")	0044-03-15 07:03:58-04:56:02 BC	2024-01-01 00:00:00	12:00:00+09	0.1	-1 days
2	infinity	{}	empty	\N	-infinity	\N	\N	-0	1 year 2 mons
3	12024-12-31 18:59:59-05	\N	\N	\N	0001-12-31 19:03:58-04:56:02 BC	\N	\N	NaN	\N
\.


--
-- Data for Name: no_columns; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.no_columns  FROM stdin;

\.


--
-- Data for Name: no_rows; Type: TABLE DATA; Schema: public; Owner: shopkeeper
--

COPY public.no_rows (id) FROM stdin;
\.


--
-- Data for Name: order_lines; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.order_lines (order_id, product_id, quantity) FROM stdin;
c4ca4238-a0b9-2382-0dcc-509a6f75849b	1	1
c81e728d-9d4c-2f63-6f06-7f89cc14862c	2	2
eccbc87e-4b5c-e2fe-2830-8fd9f2a7baf3	3	3
a87ff679-a2f3-e71d-9181-a67b7542122c	4	1
e4da3b7f-bbce-2345-d777-2b0674a318d5	5	2
1679091c-5a88-0faf-6fb5-e6087eb1b2dc	6	3
8f14e45f-ceea-167a-5a36-dedd4bea2543	7	1
c9f0f895-fb98-ab91-59f5-1fd0297e236d	8	2
45c48cce-2e2d-7fbd-ea1a-fc51c7c6ad26	9	3
d3d94468-02a4-4259-755d-38e6d163e820	10	1
6512bd43-d9ca-a6e0-2c99-0b0a82652dca	11	2
c20ad4d7-6fe9-7759-aa27-a0c99bff6710	12	3
c51ce410-c124-a10e-0db5-e4b97fc2af39	13	1
aab32389-22bc-c25a-6f60-6eb525ffdc56	14	2
9bf31c7f-f062-936a-96d3-c8bd1f8f2ff3	15	3
c74d97b0-1eae-257e-44aa-9d5bade97baf	16	1
70efdf2e-c9b0-8607-9795-c442636b55fb	17	2
6f4922f4-5568-161a-8cdf-4ad2299f6d23	18	3
1f0e3dad-9990-8345-f743-9f8ffabdffc4	19	1
98f13708-2101-94c4-7568-7be6106a3b84	20	2
3c59dc04-8e88-5024-3be8-079a5c74d079	21	3
b6d767d2-f8ed-5d21-a44b-0e5886680cb9	22	1
37693cfc-7480-49e4-5d87-b8c7d8b9aacd	23	2
1ff1de77-4005-f8da-13f4-2943881c655f	24	3
8e296a06-7a37-5633-70de-d05f5a3bf3ec	25	1
4e732ced-3463-d06d-e0ca-9a15b6153677	26	2
02e74f10-e032-7ad8-68d1-38f2b4fdd6f0	27	3
33e75ff0-9dd6-01bb-e69f-351039152189	28	1
6ea9ab1b-aa0e-fb9e-1909-4440c317e21b	29	2
34173cb3-8f07-f89d-dbeb-c2ac9128303f	30	3
c4ca4238-a0b9-2382-0dcc-509a6f75849b	31	1
c81e728d-9d4c-2f63-6f06-7f89cc14862c	32	2
eccbc87e-4b5c-e2fe-2830-8fd9f2a7baf3	33	3
a87ff679-a2f3-e71d-9181-a67b7542122c	34	1
e4da3b7f-bbce-2345-d777-2b0674a318d5	35	2
1679091c-5a88-0faf-6fb5-e6087eb1b2dc	36	3
8f14e45f-ceea-167a-5a36-dedd4bea2543	37	1
c9f0f895-fb98-ab91-59f5-1fd0297e236d	38	2
45c48cce-2e2d-7fbd-ea1a-fc51c7c6ad26	39	3
d3d94468-02a4-4259-755d-38e6d163e820	40	1
6512bd43-d9ca-a6e0-2c99-0b0a82652dca	1	2
c20ad4d7-6fe9-7759-aa27-a0c99bff6710	2	3
c51ce410-c124-a10e-0db5-e4b97fc2af39	3	1
aab32389-22bc-c25a-6f60-6eb525ffdc56	4	2
9bf31c7f-f062-936a-96d3-c8bd1f8f2ff3	5	3
c74d97b0-1eae-257e-44aa-9d5bade97baf	6	1
70efdf2e-c9b0-8607-9795-c442636b55fb	7	2
6f4922f4-5568-161a-8cdf-4ad2299f6d23	8	3
1f0e3dad-9990-8345-f743-9f8ffabdffc4	9	1
98f13708-2101-94c4-7568-7be6106a3b84	10	2
3c59dc04-8e88-5024-3be8-079a5c74d079	11	3
b6d767d2-f8ed-5d21-a44b-0e5886680cb9	12	1
37693cfc-7480-49e4-5d87-b8c7d8b9aacd	13	2
1ff1de77-4005-f8da-13f4-2943881c655f	14	3
8e296a06-7a37-5633-70de-d05f5a3bf3ec	15	1
4e732ced-3463-d06d-e0ca-9a15b6153677	16	2
02e74f10-e032-7ad8-68d1-38f2b4fdd6f0	17	3
33e75ff0-9dd6-01bb-e69f-351039152189	18	1
6ea9ab1b-aa0e-fb9e-1909-4440c317e21b	19	2
34173cb3-8f07-f89d-dbeb-c2ac9128303f	20	3
\.


--
-- Data for Name: orders; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.orders (id, placed_at, status, total) FROM stdin;
c4ca4238-a0b9-2382-0dcc-509a6f75849b	2024-11-03 01:15:00.5-05	paid	1.10
c81e728d-9d4c-2f63-6f06-7f89cc14862c	2024-11-03 02:15:00.5-05	paid	2.20
eccbc87e-4b5c-e2fe-2830-8fd9f2a7baf3	2024-11-03 03:15:00.5-05	paid	3.30
a87ff679-a2f3-e71d-9181-a67b7542122c	2024-11-03 04:15:00.5-05	paid	4.40
e4da3b7f-bbce-2345-d777-2b0674a318d5	2024-11-03 05:15:00.5-05	paid	5.50
1679091c-5a88-0faf-6fb5-e6087eb1b2dc	2024-11-03 06:15:00.5-05	paid	6.60
8f14e45f-ceea-167a-5a36-dedd4bea2543	2024-11-03 07:15:00.5-05	paid	7.70
c9f0f895-fb98-ab91-59f5-1fd0297e236d	2024-11-03 08:15:00.5-05	paid	8.80
45c48cce-2e2d-7fbd-ea1a-fc51c7c6ad26	2024-11-03 09:15:00.5-05	paid	9.90
d3d94468-02a4-4259-755d-38e6d163e820	2024-11-03 10:15:00.5-05	paid	11.00
6512bd43-d9ca-a6e0-2c99-0b0a82652dca	2024-11-03 11:15:00.5-05	paid	12.10
c20ad4d7-6fe9-7759-aa27-a0c99bff6710	2024-11-03 12:15:00.5-05	paid	13.20
c51ce410-c124-a10e-0db5-e4b97fc2af39	2024-11-03 13:15:00.5-05	paid	14.30
aab32389-22bc-c25a-6f60-6eb525ffdc56	2024-11-03 14:15:00.5-05	paid	15.40
9bf31c7f-f062-936a-96d3-c8bd1f8f2ff3	2024-11-03 15:15:00.5-05	paid	16.50
c74d97b0-1eae-257e-44aa-9d5bade97baf	2024-11-03 16:15:00.5-05	paid	17.60
70efdf2e-c9b0-8607-9795-c442636b55fb	2024-11-03 17:15:00.5-05	paid	18.70
6f4922f4-5568-161a-8cdf-4ad2299f6d23	2024-11-03 18:15:00.5-05	paid	19.80
1f0e3dad-9990-8345-f743-9f8ffabdffc4	2024-11-03 19:15:00.5-05	paid	20.90
98f13708-2101-94c4-7568-7be6106a3b84	2024-11-03 20:15:00.5-05	paid	22.00
3c59dc04-8e88-5024-3be8-079a5c74d079	2024-11-03 21:15:00.5-05	paid	23.10
b6d767d2-f8ed-5d21-a44b-0e5886680cb9	2024-11-03 22:15:00.5-05	paid	24.20
37693cfc-7480-49e4-5d87-b8c7d8b9aacd	2024-11-03 23:15:00.5-05	paid	25.30
1ff1de77-4005-f8da-13f4-2943881c655f	2024-11-04 00:15:00.5-05	paid	26.40
8e296a06-7a37-5633-70de-d05f5a3bf3ec	2024-11-04 01:15:00.5-05	paid	27.50
4e732ced-3463-d06d-e0ca-9a15b6153677	2024-11-04 02:15:00.5-05	paid	28.60
02e74f10-e032-7ad8-68d1-38f2b4fdd6f0	2024-11-04 03:15:00.5-05	paid	29.70
33e75ff0-9dd6-01bb-e69f-351039152189	2024-11-04 04:15:00.5-05	paid	30.80
6ea9ab1b-aa0e-fb9e-1909-4440c317e21b	2024-11-04 05:15:00.5-05	paid	31.90
34173cb3-8f07-f89d-dbeb-c2ac9128303f	2024-11-04 06:15:00.5-05	paid	33.00
\.


--
-- Data for Name: parent; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.parent (id) FROM stdin;
1
\.


--
-- Data for Name: products; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.products (id, sku, name_ko, name_en, description, price, stock, tags, picture, attributes, created_at) FROM stdin;
1	SKU-1	김치 1호	Kimchi no. 1	two\nlines\tand a tab	1000	1	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\xc4ca4238a0b923820dcc509a6f75849b000a5c2e0a	{"note": "line\\nbreak", "무게": 1}	2024-03-11 15:30:00-04
2	SKU-2	김치 2호	Kimchi no. 2	C:\\new\\.\n\\.\nnot the end	2000	2	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\xc81e728d9d4c2f636f067f89cc14862c000a5c2e0a	{"note": "line\\nbreak", "무게": 2}	2024-03-13 04:30:00-04
3	SKU-3	김치 3호	Kimchi no. 3		3000	3	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\xeccbc87e4b5ce2fe28308fd9f2a7baf3000a5c2e0a	{"note": "line\\nbreak", "무게": 3}	2024-03-14 17:30:00-04
4	SKU-4	김치 4호	Kimchi no. 4	\N	4000	4	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\xa87ff679a2f3e71d9181a67b7542122c000a5c2e0a	{"note": "line\\nbreak", "무게": 4}	2024-03-16 06:30:00-04
5	SKU-5	김치 5호	Kimchi no. 5	two\nlines\tand a tab	5000	5	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\xe4da3b7fbbce2345d7772b0674a318d5000a5c2e0a	{"note": "line\\nbreak", "무게": 5}	2024-03-17 19:30:00-04
6	SKU-6	김치 6호	Kimchi no. 6	C:\\new\\.\n\\.\nnot the end	6000	6	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\x1679091c5a880faf6fb5e6087eb1b2dc000a5c2e0a	{"note": "line\\nbreak", "무게": 6}	2024-03-19 08:30:00-04
7	SKU-7	김치 7호	Kimchi no. 7		7000	0	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\x8f14e45fceea167a5a36dedd4bea2543000a5c2e0a	{"note": "line\\nbreak", "무게": 7}	2024-03-20 21:30:00-04
8	SKU-8	김치 8호	Kimchi no. 8	\N	8000	1	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\xc9f0f895fb98ab9159f51fd0297e236d000a5c2e0a	{"note": "line\\nbreak", "무게": 8}	2024-03-22 10:30:00-04
9	SKU-9	김치 9호	Kimchi no. 9	two\nlines\tand a tab	9000	2	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\x45c48cce2e2d7fbdea1afc51c7c6ad26000a5c2e0a	{"note": "line\\nbreak", "무게": 9}	2024-03-23 23:30:00-04
10	SKU-10	김치 10호	Kimchi no. 10	C:\\new\\.\n\\.\nnot the end	10000	3	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\xd3d9446802a44259755d38e6d163e820000a5c2e0a	{"note": "line\\nbreak", "무게": 10}	2024-03-25 12:30:00-04
11	SKU-11	김치 11호	Kimchi no. 11		11000	4	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\x6512bd43d9caa6e02c990b0a82652dca000a5c2e0a	{"note": "line\\nbreak", "무게": 11}	2024-03-27 01:30:00-04
12	SKU-12	김치 12호	Kimchi no. 12	\N	12000	5	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\xc20ad4d76fe97759aa27a0c99bff6710000a5c2e0a	{"note": "line\\nbreak", "무게": 12}	2024-03-28 14:30:00-04
13	SKU-13	김치 13호	Kimchi no. 13	two\nlines\tand a tab	13000	6	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\xc51ce410c124a10e0db5e4b97fc2af39000a5c2e0a	{"note": "line\\nbreak", "무게": 13}	2024-03-30 03:30:00-04
14	SKU-14	김치 14호	Kimchi no. 14	C:\\new\\.\n\\.\nnot the end	14000	0	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\xaab3238922bcc25a6f606eb525ffdc56000a5c2e0a	{"note": "line\\nbreak", "무게": 14}	2024-03-31 16:30:00-04
15	SKU-15	김치 15호	Kimchi no. 15		15000	1	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\x9bf31c7ff062936a96d3c8bd1f8f2ff3000a5c2e0a	{"note": "line\\nbreak", "무게": 15}	2024-04-02 05:30:00-04
16	SKU-16	김치 16호	Kimchi no. 16	\N	16000	2	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\xc74d97b01eae257e44aa9d5bade97baf000a5c2e0a	{"note": "line\\nbreak", "무게": 16}	2024-04-03 18:30:00-04
17	SKU-17	김치 17호	Kimchi no. 17	two\nlines\tand a tab	17000	3	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\x70efdf2ec9b086079795c442636b55fb000a5c2e0a	{"note": "line\\nbreak", "무게": 17}	2024-04-05 07:30:00-04
18	SKU-18	김치 18호	Kimchi no. 18	C:\\new\\.\n\\.\nnot the end	18000	4	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\x6f4922f45568161a8cdf4ad2299f6d23000a5c2e0a	{"note": "line\\nbreak", "무게": 18}	2024-04-06 20:30:00-04
19	SKU-19	김치 19호	Kimchi no. 19		19000	5	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\x1f0e3dad99908345f7439f8ffabdffc4000a5c2e0a	{"note": "line\\nbreak", "무게": 19}	2024-04-08 09:30:00-04
20	SKU-20	김치 20호	Kimchi no. 20	\N	20000	6	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\x98f13708210194c475687be6106a3b84000a5c2e0a	{"note": "line\\nbreak", "무게": 20}	2024-04-09 22:30:00-04
21	SKU-21	김치 21호	Kimchi no. 21	two\nlines\tand a tab	21000	0	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\x3c59dc048e8850243be8079a5c74d079000a5c2e0a	{"note": "line\\nbreak", "무게": 21}	2024-04-11 11:30:00-04
22	SKU-22	김치 22호	Kimchi no. 22	C:\\new\\.\n\\.\nnot the end	22000	1	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\xb6d767d2f8ed5d21a44b0e5886680cb9000a5c2e0a	{"note": "line\\nbreak", "무게": 22}	2024-04-13 00:30:00-04
23	SKU-23	김치 23호	Kimchi no. 23		23000	2	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\x37693cfc748049e45d87b8c7d8b9aacd000a5c2e0a	{"note": "line\\nbreak", "무게": 23}	2024-04-14 13:30:00-04
24	SKU-24	김치 24호	Kimchi no. 24	\N	24000	3	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\x1ff1de774005f8da13f42943881c655f000a5c2e0a	{"note": "line\\nbreak", "무게": 24}	2024-04-16 02:30:00-04
25	SKU-25	김치 25호	Kimchi no. 25	two\nlines\tand a tab	25000	4	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\x8e296a067a37563370ded05f5a3bf3ec000a5c2e0a	{"note": "line\\nbreak", "무게": 25}	2024-04-17 15:30:00-04
26	SKU-26	김치 26호	Kimchi no. 26	C:\\new\\.\n\\.\nnot the end	26000	5	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\x4e732ced3463d06de0ca9a15b6153677000a5c2e0a	{"note": "line\\nbreak", "무게": 26}	2024-04-19 04:30:00-04
27	SKU-27	김치 27호	Kimchi no. 27		27000	6	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\x02e74f10e0327ad868d138f2b4fdd6f0000a5c2e0a	{"note": "line\\nbreak", "무게": 27}	2024-04-20 17:30:00-04
28	SKU-28	김치 28호	Kimchi no. 28	\N	28000	0	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\x33e75ff09dd601bbe69f351039152189000a5c2e0a	{"note": "line\\nbreak", "무게": 28}	2024-04-22 06:30:00-04
29	SKU-29	김치 29호	Kimchi no. 29	two\nlines\tand a tab	29000	1	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\x6ea9ab1baa0efb9e19094440c317e21b000a5c2e0a	{"note": "line\\nbreak", "무게": 29}	2024-04-23 19:30:00-04
30	SKU-30	김치 30호	Kimchi no. 30	C:\\new\\.\n\\.\nnot the end	30000	2	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\x34173cb38f07f89ddbebc2ac9128303f000a5c2e0a	{"note": "line\\nbreak", "무게": 30}	2024-04-25 08:30:00-04
31	SKU-31	김치 31호	Kimchi no. 31		31000	3	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\xc16a5320fa475530d9583c34fd356ef5000a5c2e0a	{"note": "line\\nbreak", "무게": 31}	2024-04-26 21:30:00-04
32	SKU-32	김치 32호	Kimchi no. 32	\N	32000	4	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\x6364d3f0f495b6ab9dcf8d3b5c6e0b01000a5c2e0a	{"note": "line\\nbreak", "무게": 32}	2024-04-28 10:30:00-04
33	SKU-33	김치 33호	Kimchi no. 33	two\nlines\tand a tab	33000	5	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\x182be0c5cdcd5072bb1864cdee4d3d6e000a5c2e0a	{"note": "line\\nbreak", "무게": 33}	2024-04-29 23:30:00-04
34	SKU-34	김치 34호	Kimchi no. 34	C:\\new\\.\n\\.\nnot the end	34000	6	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\xe369853df766fa44e1ed0ff613f563bd000a5c2e0a	{"note": "line\\nbreak", "무게": 34}	2024-05-01 12:30:00-04
35	SKU-35	김치 35호	Kimchi no. 35		35000	0	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\x1c383cd30b7c298ab50293adfecb7b18000a5c2e0a	{"note": "line\\nbreak", "무게": 35}	2024-05-03 01:30:00-04
36	SKU-36	김치 36호	Kimchi no. 36	\N	36000	1	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\x19ca14e7ea6328a42e0eb13d585e4c22000a5c2e0a	{"note": "line\\nbreak", "무게": 36}	2024-05-04 14:30:00-04
37	SKU-37	김치 37호	Kimchi no. 37	two\nlines\tand a tab	37000	2	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\xa5bfc9e07964f8dddeb95fc584cd965d000a5c2e0a	{"note": "line\\nbreak", "무게": 37}	2024-05-06 03:30:00-04
38	SKU-38	김치 38호	Kimchi no. 38	C:\\new\\.\n\\.\nnot the end	38000	3	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\xa5771bce93e200c36f7cd9dfd0e5deaa000a5c2e0a	{"note": "line\\nbreak", "무게": 38}	2024-05-07 16:30:00-04
39	SKU-39	김치 39호	Kimchi no. 39		39000	4	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\xd67d8ab4f4c10bf22aa353e27879133c000a5c2e0a	{"note": "line\\nbreak", "무게": 39}	2024-05-09 05:30:00-04
40	SKU-40	김치 40호	Kimchi no. 40	\N	40000	5	{새것,"a \\"quoted\\"\\\\ one",NULL}	\\xd645920e395fedad7bbbed0eca3fe2e0000a5c2e0a	{"note": "line\\nbreak", "무게": 40}	2024-05-10 18:30:00-04
\.


--
-- Data for Name: same_rows; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.same_rows (word) FROM stdin;
twice
twice
\N
\\N

\\.
\.


--
-- Data for Name: Select; from (x; Type: TABLE DATA; Schema: 가게 "1"; Owner: postgres
--

COPY "가게 ""1"""."Select; from (x" ("열, 하나", "b)""") FROM stdin;
1	값
2	\\
\.


--
-- Name: invoices; Type: SEQUENCE SET; Schema: public; Owner: postgres
--

SELECT pg_catalog.setval('public.invoices', 1001, true);


--
-- Name: products_id_seq; Type: SEQUENCE SET; Schema: public; Owner: postgres
--

SELECT pg_catalog.setval('public.products_id_seq', 40, true);


--
-- Name: unused; sequence; Type: SEQUENCE SET; Schema: public; Owner: postgres
--

SELECT pg_catalog.setval('public."unused; sequence"', 1, false);


--
-- Name: Select; from (x_열, 하나_seq; Type: SEQUENCE SET; Schema: 가게 "1"; Owner: postgres
--

SELECT pg_catalog.setval('"가게 ""1"""."Select; from (x_열, 하나_seq"', 2, true);


--
-- Name: orders orders_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (id);


--
-- Name: products products_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.products
    ADD CONSTRAINT products_pkey PRIMARY KEY (id);


--
-- Name: products products_sku_key; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.products
    ADD CONSTRAINT products_sku_key UNIQUE (sku);


--
-- Name: order_lines_product_id_idx; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX order_lines_product_id_idx ON public.order_lines USING btree (product_id);


--
-- Name: orders keep; Type: RULE; Schema: public; Owner: postgres
--

CREATE RULE keep AS
    ON DELETE TO public.orders DO INSTEAD ( SELECT 1 AS "?column?";
 SELECT 2 AS "?column?";
);


--
-- Name: products stamp; Type: TRIGGER; Schema: public; Owner: postgres
--

CREATE TRIGGER stamp BEFORE INSERT ON public.products FOR EACH ROW EXECUTE FUNCTION public.stamp();


--
-- Name: order_lines order_lines_order_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.order_lines
    ADD CONSTRAINT order_lines_order_id_fkey FOREIGN KEY (order_id) REFERENCES public.orders(id) ON DELETE CASCADE;


--
-- Name: order_lines order_lines_product_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.order_lines
    ADD CONSTRAINT order_lines_product_id_fkey FOREIGN KEY (product_id) REFERENCES public.products(id);


--
-- Name: orders all_of_them; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY all_of_them ON public.orders USING (true);


--
-- Name: orders; Type: ROW SECURITY; Schema: public; Owner: postgres
--

ALTER TABLE public.orders ENABLE ROW LEVEL SECURITY;

--
-- Name: TABLE products; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.products TO shopkeeper;


--
-- Name: sales; Type: MATERIALIZED VIEW DATA; Schema: public; Owner: postgres
--

REFRESH MATERIALIZED VIEW public.sales;


--
-- PostgreSQL database dump complete
--

\unrestrict qjY86PKmPY30ix7DtIdTf3PSyQgnfjFqIrpOy4H6R5K9N3cYjakqXewsk1rdEL7

