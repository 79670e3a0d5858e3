"""CloudWatch without AWS: sample series, metric math, and the state an alarm would take. Used by tests and the preview
of the dashboards."""
