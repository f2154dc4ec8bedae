"""What monitoring sees: Prometheus metrics and log events, both only told.

The library configures nothing: metrics go into the registry it is given,
events to whatever the partner has configured.
"""
