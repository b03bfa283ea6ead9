"""Telling people: messages on their way, by webhook, Slack, Alertmanager and e-mail."""
