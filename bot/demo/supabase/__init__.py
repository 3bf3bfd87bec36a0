"""A stand-in for Supabase Storage behind its gateway, as strict as they are.

It plays what stores, shows and removes files, and reads a bucket; all else is answered HTTP 501.
"""

from .emulator import SupabaseEmulator
from .state import Bucket, StoredObject

__all__ = ["Bucket", "StoredObject", "SupabaseEmulator"]
