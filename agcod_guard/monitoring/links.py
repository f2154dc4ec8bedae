"""Where an alert points to: its runbook, and the dashboard. Pure."""

from __future__ import annotations

from dataclasses import dataclass

DASHBOARD_UID = "agcod-guard"
"""The dashboard's name in Grafana's addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """What stands before the addresses in the annotations of alerts.

    Attributes:
        runbooks: The page of runbooks, wherever the partner keeps it.
        grafana: Address of Grafana, without a slash at the end; empty for a path
            from its root.
    """

    runbooks: str = "docs/runbooks.md"
    grafana: str = ""

    def runbook(self, alert: str) -> str:
        """Return where the runbook of an alert begins."""
        return f"{self.runbooks}#{alert.lower()}"

    def dashboard(self) -> str:
        """Return the dashboard's address, as a template over an alert's labels."""
        query = "{{ with $labels.endpoint }}?var-endpoint={{ . }}{{ end }}"
        return f"{self.grafana}/d/{DASHBOARD_UID}{query}"
