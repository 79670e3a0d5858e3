"""CloudMart's shop: products, carts and orders over HTTP.

Its contract with the outside is API.md; with the machine, `environment.py`. Knows nothing of how it is deployed.
"""

from typing import Final

VERSION: Final = "1.0.0"
