"""The chaos test: the real process between the emulators, killed again and again.

    python -m tests.chaos --rounds 50 --seed 1

A round: people write (`people`), things go wrong on both sides (`faults`), and the bot
(`process`) is killed or stopped at chosen moments (`moments`) and started again. Then it is left
in peace until everything has ended, and what it did is judged by its database and by what the
emulators saw (`evidence`, `verdict`). The seed decides who writes what, what goes wrong and when
it is killed; what the processes make of it also depends on how fast the machine is.
"""
