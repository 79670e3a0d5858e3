--
-- PostgreSQL database dump
--

\restrict aqahh0lBXxCd2bqS0bw9d4n2jLpjANb3fXzzH2tuyGTNaDfzHKlzq0CUx4Qoq8B

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

SET default_table_access_method = heap;

--
-- Name: same_rows; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.same_rows (
    word text
);


ALTER TABLE public.same_rows OWNER TO postgres;

--
-- Data for Name: same_rows; Type: TABLE DATA; Schema: public; Owner: postgres
--

INSERT INTO public.same_rows VALUES ('twice');
INSERT INTO public.same_rows VALUES ('twice');
INSERT INTO public.same_rows VALUES (NULL);
INSERT INTO public.same_rows VALUES ('\N');
INSERT INTO public.same_rows VALUES ('');
INSERT INTO public.same_rows VALUES ('\.');


--
-- PostgreSQL database dump complete
--

\unrestrict aqahh0lBXxCd2bqS0bw9d4n2jLpjANb3fXzzH2tuyGTNaDfzHKlzq0CUx4Qoq8B

