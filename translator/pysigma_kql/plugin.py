"""What pySigma finds; in a wheel this file is ``sigma/backends/kibana_kql/__init__.py``, where it looks for backends.

Nothing but the backend's class may be visible here: pySigma takes every backend that it sees for one of ours.
"""

from translator.pysigma_kql.backend import KibanaKqlBackend

__all__ = ("KibanaKqlBackend",)
