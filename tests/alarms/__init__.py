"""Alarms, replayed: what each synthesized alarm does on a quiet day, in a spike, an outage, a gap."""
