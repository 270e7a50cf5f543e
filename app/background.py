import sys

from app import jobs

sys.modules[__name__] = jobs
