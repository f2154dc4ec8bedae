"""Run a program under the guard: `python guarded.py DATA_DIR PROGRAM`."""

import runpy
import sys

from agcod_guard import Guard, Settings

data_dir, program = sys.argv[1:]
Guard(Settings.load(env={}, data_dir=data_dir)).install()
runpy.run_path(program, run_name="__main__")
