"""What Reelwise reaches on labelled clips: each benchmark is a command that prints a table and writes its figures."""
