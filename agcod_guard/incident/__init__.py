"""What an outage becomes: the incident, its packet, its doors. Pure."""
