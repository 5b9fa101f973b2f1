"""The JSON interface below /api/: its addresses, its parameters, and the OpenAPI document that describes them."""

from newsarchive.browse.api.catalog import ENDPOINTS
from newsarchive.browse.api.problems import problem
from newsarchive.browse.api.routing import ROUTES, owns

__all__ = ["ENDPOINTS", "ROUTES", "owns", "problem"]
