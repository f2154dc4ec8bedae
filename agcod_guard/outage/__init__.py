"""When it is an outage: policy, evidence, detector. Pure."""
