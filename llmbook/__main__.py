"""`python -m llmbook`: the command for launchers that start modules (torchrun, deepspeed, srun)."""

import re
import sys

from llmbook.cli import main

# The deepspeed launcher puts its own argument before ours; what it says stands in the environment, too.
_LOCAL_RANK = re.compile(r"--local[-_]rank=\d+")

if __name__ == "__main__":
    main([argument for argument in sys.argv[1:] if not _LOCAL_RANK.fullmatch(argument)])
