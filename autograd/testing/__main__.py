"""`python -m autograd.testing` has moved: the project's own audit is not part of the library."""

import sys

if __name__ == "__main__":
    sys.exit(
        "the project's own audit is run in a checkout, by `python -m tests.mutation`; "
        "to audit a check of your own, call autograd.testing.audit(check)"
    )
