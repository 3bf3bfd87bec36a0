"""What the process holds from which those of tests are forked: the bot, ready to start."""

import gc

import pytest  # noqa: F401 - which the tests' modules import, where they say what to do

import main  # noqa: F401 - this import is what takes the time
from bot.telegram.aiogram_patches import usual_types

for each in usual_types():
    each.model_rebuild()
gc.freeze()
