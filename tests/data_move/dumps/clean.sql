--
-- PostgreSQL database dump
--

\restrict cutqCPnukmrtvD3RIJ138H1gKsA9hqJOH35myK2JU0m88Q2QQ8cHEtcYzdRCIYD

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

ALTER TABLE ONLY public.counted DROP CONSTRAINT counted_pkey;
ALTER TABLE public.counted ALTER COLUMN id DROP DEFAULT;
DROP SEQUENCE public.counted_id_seq;
DROP TABLE public.counted;
SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: counted; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.counted (
    id integer NOT NULL,
    word text
);


ALTER TABLE public.counted OWNER TO postgres;

--
-- Name: counted_id_seq; Type: SEQUENCE; Schema: public; Owner: postgres
--

CREATE SEQUENCE public.counted_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER TABLE public.counted_id_seq OWNER TO postgres;

--
-- Name: counted_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: postgres
--

ALTER SEQUENCE public.counted_id_seq OWNED BY public.counted.id;


--
-- Name: counted id; Type: DEFAULT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.counted ALTER COLUMN id SET DEFAULT nextval('public.counted_id_seq'::regclass);


--
-- Data for Name: counted; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.counted (id, word) FROM stdin;
1	one
2	two
\.


--
-- Name: counted_id_seq; Type: SEQUENCE SET; Schema: public; Owner: postgres
--

SELECT pg_catalog.setval('public.counted_id_seq', 2, true);


--
-- Name: counted counted_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.counted
    ADD CONSTRAINT counted_pkey PRIMARY KEY (id);


--
-- PostgreSQL database dump complete
--

\unrestrict cutqCPnukmrtvD3RIJ138H1gKsA9hqJOH35myK2JU0m88Q2QQ8cHEtcYzdRCIYD

