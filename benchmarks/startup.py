"""How long one waits: for the help, for the import, for the first character of a text.

    python benchmarks/startup.py

Targets: `seqlab --help` under 0.3 s, `import seqlab` under 0.2 s (the interpreter's own start included in both), the
first character of `seqlab generate` under 4 s.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import seqlab
from seqlab.cli.tables import table


def seconds_until(command: list[str], *, first_character: bool) -> float:
    """Seconds until a command has ended, or has written its first character."""
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        if first_character:
            process.stdout.read(1)
            taken = time.perf_counter() - started
        process.stdout.read()
        process.wait()
        return taken if first_character else time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--hidden", type=int, default=512, help="units of the two-layer model that generates")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = str(Path(folder) / "run")
        text = "it was the oar and not the boat that had been mended.\n" * 40
        seqlab.train("lm", [text], output=run, hidden=arguments.hidden, layers=2, epochs=1)
        python = [sys.executable]
        work = [
            ("an empty program", [*python, "-c", ""], False, ""),
            ("import seqlab", [*python, "-c", "import seqlab"], False, "0.2 s"),
            ("seqlab --help", [*python, "-m", "seqlab", "--help"], False, "0.3 s"),
            ("seqlab train lm --help", [*python, "-m", "seqlab", "train", "lm", "--help"], False, ""),
            ("seqlab generate, first character", [*python, "-m", "seqlab", "generate", run], True, "4 s"),
        ]
        rows = []
        for name, command, first, target in work:
            taken = [seconds_until(command, first_character=first) for _ in range(arguments.rounds)]
            rows.append((name, f"{statistics.median(taken):.3f} s", f"{max(taken):.3f} s", target))
    print(table(("work", "median", "longest", "target"), rows))


if __name__ == "__main__":
    main()
