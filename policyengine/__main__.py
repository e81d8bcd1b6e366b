"""`python -m policyengine`: the command line, where the script is not on the path."""

from policyengine.cli import main

if __name__ == "__main__":
    main()
