"""Stand-ins for Telegram, KIE and Supabase on loopback, as strict as the real services."""
