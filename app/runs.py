import sys

from app import catalog

sys.modules[__name__] = catalog
