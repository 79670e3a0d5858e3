--
-- PostgreSQL database dump
--

\restrict 01iKz6TtM3cxsMqBUmNdybsn6sMnCubkwpYToB7bqc3XakcRMuhpXOpSfeBAM1I

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'SQL_ASCII';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: words; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.words (
    word text
);


ALTER TABLE public.words OWNER TO postgres;

--
-- Data for Name: words; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.words (word) FROM stdin;
plain
가
\.


--
-- PostgreSQL database dump complete
--

\unrestrict 01iKz6TtM3cxsMqBUmNdybsn6sMnCubkwpYToB7bqc3XakcRMuhpXOpSfeBAM1I

