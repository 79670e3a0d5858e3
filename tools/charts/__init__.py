"""Helm charts, judged offline: what they make of our values, with the helm that the cluster's function uses.

`python -m tools.charts --charts DIR` wants the charts' folders; `tests/kubernetes/charts.json` keeps what it found, so
that the tests need no chart.
"""
