"""The admins' side: alerts, the KIE account, broadcasts, charts, doctor."""
