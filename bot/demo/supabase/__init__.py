"""A stand-in for Supabase Storage behind its gateway, as strict as they are."""

from .emulator import SupabaseEmulator
from .faults import Fault
from .state import Bucket, Call, StoredObject

__all__ = ["Bucket", "Call", "Fault", "StoredObject", "SupabaseEmulator"]
