"""What importing text-service costs on the embedded AWS's interpreter, and which packages it goes to."""

import json
import os
import subprocess
import tempfile
import zipfile
from collections import Counter
from pathlib import Path

from bundling import Target, build

ROOT = Path(__file__).resolve().parents[2]
INTERPRETER = ROOT / ".fleet" / "emulator" / "bin" / "python"

_TIMER = """
import json, sys, time
started = time.perf_counter()
import main
json.dump(time.perf_counter() - started, sys.stdout)
"""


def import_time(runs: int) -> tuple[list[float], list[tuple[str, float]]]:
    """Seconds of ``import main`` as Lambda lays the package out, and the five costliest packages.

    The second part is each top-level package's own time in seconds (what it imports elsewhere not counted).
    """
    with tempfile.TemporaryDirectory() as folder:
        for source in ("text_service", "text_layer"):
            bundle = build(ROOT / "functions" / "typerush" / source, Target.MACHINE, project=ROOT)
            with zipfile.ZipFile(ROOT / bundle.path) as package:
                package.extractall(folder)
        env = {
            "PATH": os.defpath,
            "PYTHONPATH": os.pathsep.join((folder, str(Path(folder) / "python"))),
            "AWS_DEFAULT_REGION": "ap-southeast-1",
            "DYNAMODB_TABLE_NAME": "typerush-bench-texts",
            "BEDROCK_MODEL_ID": "anthropic.claude-3-haiku-20240307-v1:0",
            "ENVIRONMENT": "production",
            "LOG_LEVEL": "INFO",
        }
        subprocess.run([INTERPRETER, "-c", "import main"], env=env, check=True)
        seconds = [
            float(json.loads(subprocess.check_output([INTERPRETER, "-c", _TIMER], env=env)))
            for _ in range(runs)
        ]
        traced = [str(INTERPRETER), "-X", "importtime", "-c", "import main"]
        traces = [
            subprocess.run(traced, env=env, check=True, capture_output=True, text=True).stderr
            for _ in range(runs)
        ]
    costs = min((_costs(trace) for trace in traces), key=Counter.total)  # the least disturbed run
    return seconds, [(package, microseconds / 1e6) for package, microseconds in costs.most_common(5)]


def _costs(trace: str) -> Counter[str]:
    """Microseconds that each top-level package's own modules take."""
    own: Counter[str] = Counter()
    for line in trace.splitlines():
        self_us, _, name = (part.strip() for part in line.removeprefix("import time:").split("|"))
        if self_us.isdigit():
            own[name.split(".")[0]] += int(self_us)
    return own
