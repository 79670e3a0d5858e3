--
-- PostgreSQL database cluster dump
--

\restrict mOFPbvWC9Z2FDB2jwwaKMjo59sUiijo6AOzqPYlMhNviu6QbMyiww6ola5deu3u

SET default_transaction_read_only = off;

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;

--
-- Roles
--

CREATE ROLE postgres;
ALTER ROLE postgres WITH SUPERUSER INHERIT CREATEROLE CREATEDB LOGIN REPLICATION BYPASSRLS;
CREATE ROLE shopkeeper;
ALTER ROLE shopkeeper WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;

--
-- User Configurations
--








\unrestrict mOFPbvWC9Z2FDB2jwwaKMjo59sUiijo6AOzqPYlMhNviu6QbMyiww6ola5deu3u

--
-- Databases
--

--
-- Database "template1" dump
--

\connect template1

--
-- PostgreSQL database dump
--

\restrict aTuxLKYVNc06z4ysJZgD3oMuJdmXDiK9ISssYS4kSi6h6CW1eP8ogU7LyTZjRKr

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
-- PostgreSQL database dump complete
--

\unrestrict aTuxLKYVNc06z4ysJZgD3oMuJdmXDiK9ISssYS4kSi6h6CW1eP8ogU7LyTZjRKr

--
-- Database "postgres" dump
--

\connect postgres

--
-- PostgreSQL database dump
--

\restrict 7BVq1843W0b5ZweDnTp54G1tokkqYcN9Zp47rSCNGdDlzUNefNmdVlfgN4fLZib

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
-- PostgreSQL database dump complete
--

\unrestrict 7BVq1843W0b5ZweDnTp54G1tokkqYcN9Zp47rSCNGdDlzUNefNmdVlfgN4fLZib

--
-- PostgreSQL database cluster dump complete
--

