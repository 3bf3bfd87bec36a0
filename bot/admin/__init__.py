"""What the team sees and does: alerts, the KIE account, broadcasts, charts, doctor."""
