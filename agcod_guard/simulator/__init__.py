"""A loopback AGCOD with faults, for the drill, our tests and partners' own."""

from agcod_guard.simulator.faults import FAULTS, Fault, Schedule, UnknownNameError
from agcod_guard.simulator.process import SimulatorProcess
from agcod_guard.simulator.simulator import Simulator
from agcod_guard.simulator.truth import Entry

__all__ = [
    "FAULTS",
    "Entry",
    "Fault",
    "Schedule",
    "Simulator",
    "SimulatorProcess",
    "UnknownNameError",
]
