"""What listens: signs of life and numbers for those who watch the bot, and what services post."""
