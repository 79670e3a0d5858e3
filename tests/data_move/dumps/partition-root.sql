--
-- PostgreSQL database dump
--

\restrict GjhsbtJlDPKLYfjyZ8Xy7mLsrwYysa2uAd7SaJxmi0M2i6JKLBFg8ojdID3v0fU

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

SET default_tablespace = '';

--
-- Name: events; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.events (
    at timestamp with time zone NOT NULL,
    kind text
)
PARTITION BY RANGE (at);


ALTER TABLE public.events OWNER TO postgres;

SET default_table_access_method = heap;

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
-- Name: events_2023; Type: TABLE ATTACH; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.events ATTACH PARTITION public.events_2023 FOR VALUES FROM ('2022-12-31 19:00:00-05') TO ('2023-12-31 19:00:00-05');


--
-- Name: events_2024; Type: TABLE ATTACH; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.events ATTACH PARTITION public.events_2024 FOR VALUES FROM ('2023-12-31 19:00:00-05') TO ('2024-12-31 19:00:00-05');


--
-- Data for Name: events_2023; Type: TABLE DATA; Schema: public; Owner: postgres
--

-- load via partition root public.events

COPY public.events (at, kind) FROM stdin;
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

-- load via partition root public.events

COPY public.events (at, kind) FROM stdin;
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
-- PostgreSQL database dump complete
--

\unrestrict GjhsbtJlDPKLYfjyZ8Xy7mLsrwYysa2uAd7SaJxmi0M2i6JKLBFg8ojdID3v0fU

