"""The weekly report: availability, latency, alarms, cost and open findings of a stage, as text for a mail.

Owns what is read, the arithmetic and the layout. Who receives it, when, and what it may read is
`constructs/weekly_report.py`'s; expressions and objectives come from there, so that each has one home.
"""
