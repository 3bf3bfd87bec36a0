"""The stand-ins are tested too: an emulator laxer than the service fools us."""
