import sys

from app import url

sys.modules[__name__] = url
