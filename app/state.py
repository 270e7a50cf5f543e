import sys

from app import session

sys.modules[__name__] = session
