"""`python -m tools.bench_shop`: how fast the shop is, with real stores and 100,000 products, loaded from another one.

Owns the stage it runs on (`stage`), the load (`load`, a process of its own) and the table (`__main__`).
"""
