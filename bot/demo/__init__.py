"""Stand-ins for Telegram, KIE and Supabase on loopback, as strict as the real services.

Their limits are numbers of their own, not those of bot/service_limits.py: they are the other side.
"""
