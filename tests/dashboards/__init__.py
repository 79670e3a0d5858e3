"""Dashboards: their bodies, their preview, saved queries."""
