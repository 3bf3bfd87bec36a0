"""Messages with buttons: result, settings, pager, menu."""
