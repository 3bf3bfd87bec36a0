"""Stand-ins for the outside world: Telegram, KIE and Supabase on loopback, as strict as the real ones."""
