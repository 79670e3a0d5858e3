"""The dashboards without AWS: each body of the synthesized template, drawn with sample series into one page."""
