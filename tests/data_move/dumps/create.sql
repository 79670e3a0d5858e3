--
-- PostgreSQL database dump
--

\restrict 1QzMys3S06rO6n3refaWaPbm3z8h33nJpwxIVQCWq1bqDCfwjmJQykcVUU6LjON

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

--
-- Name: shop; Type: DATABASE; Schema: -; Owner: postgres
--

CREATE DATABASE shop WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C.UTF-8';


ALTER DATABASE shop OWNER TO postgres;

\unrestrict 1QzMys3S06rO6n3refaWaPbm3z8h33nJpwxIVQCWq1bqDCfwjmJQykcVUU6LjON
\connect shop
\restrict 1QzMys3S06rO6n3refaWaPbm3z8h33nJpwxIVQCWq1bqDCfwjmJQykcVUU6LjON

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

SET default_table_access_method = heap;

--
-- Name: no_rows; Type: TABLE; Schema: public; Owner: shopkeeper
--

CREATE TABLE public.no_rows (
    id integer
);


ALTER TABLE public.no_rows OWNER TO shopkeeper;

--
-- Data for Name: no_rows; Type: TABLE DATA; Schema: public; Owner: shopkeeper
--

COPY public.no_rows (id) FROM stdin;
\.


--
-- PostgreSQL database dump complete
--

\unrestrict 1QzMys3S06rO6n3refaWaPbm3z8h33nJpwxIVQCWq1bqDCfwjmJQykcVUU6LjON

