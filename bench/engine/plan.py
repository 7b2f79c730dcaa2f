"""How long and how often everything is measured."""

from dataclasses import dataclass

from bench.engine.subject import Subject

ALL_SIDES = ("P1", "P2", "P3", "ours")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One run of the engine's benchmarks.

    Attributes:
        subjects: The same weights, once for each number format.
        rounds: Turns that each side gets.
        outstanding: Clients that always wait for a picture, at saturation.
        sides: Who takes turns in R1.
        alike_sides: Who of them does so where all asks are alike.
        warm_s: Before the time that counts, at each turn.
        window_s: Time that counts, at each turn.
        rate_workloads: What R1 asks for.
        loads: Shares of the serial capacity that R4 offers.
        trace_s: Length of the arrivals of R4, at each turn.
        step_rounds: Ticks that R3 times at each number of rows.
        samples: Pictures that R10 compares.
        admissions: Submits that R5 times through the service; 0 goes without it.
        requests, switches: What R11 goes through.
    """

    subjects: tuple[Subject, ...]
    rounds: int
    outstanding: int
    sides: tuple[str, ...]
    alike_sides: tuple[str, ...]
    warm_s: float
    window_s: float
    rate_workloads: tuple[str, ...]
    loads: tuple[float, ...]
    trace_rounds: int
    trace_s: float
    step_rounds: int
    samples: int
    admissions: int
    requests: int
    switches: int

    @property
    def subject(self) -> Subject:
        """What is measured in one number format alone."""
        return self.subjects[0]


def full(subjects: tuple[Subject, ...]) -> Plan:
    """Return what the goals are judged by; hours on two cores."""
    return Plan(
        subjects=subjects,
        rounds=5,
        outstanding=32,
        sides=ALL_SIDES,
        alike_sides=ALL_SIDES,
        warm_s=3,
        window_s=20,
        rate_workloads=("W1", "W2", "W3", "W4"),
        loads=(0.3, 0.5, 0.7, 0.8, 0.9, 1.0, 1.2),
        trace_rounds=5,
        trace_s=60,
        step_rounds=25,
        samples=48,
        admissions=100,
        requests=10_000,
        switches=200,
    )


def quick(subjects: tuple[Subject, ...]) -> Plan:
    """Return the same at a quarter of an hour on two cores."""
    return Plan(
        subjects=subjects,
        rounds=5,
        outstanding=32,
        sides=ALL_SIDES,
        alike_sides=("P2", "ours"),
        warm_s=0.7,
        window_s=2.5,
        rate_workloads=("W1", "W2", "W3"),
        loads=(0.6, 0.9),
        trace_rounds=1,
        trace_s=25,
        step_rounds=9,
        samples=16,
        admissions=20,
        requests=1_000,
        switches=20,
    )
