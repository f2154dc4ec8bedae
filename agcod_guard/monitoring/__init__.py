"""What other tools need to watch AGCOD with us: rules, routing, the dashboard."""
