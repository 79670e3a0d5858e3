"""Real PostgreSQL and Redis behind the emulated RDS and ElastiCache.

Owns where their programs come from, a loopback address for each, their TLS and their life: no engine survives the
process that started it, however that ends. Knows nothing of the emulator; tests start engines of their own with it.
"""
