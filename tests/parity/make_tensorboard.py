#!/usr/bin/env python3
"""Writes events.tfevents, with which tests/train/tensorboard.cpp compares: an event file by TensorBoard's own writer.

    python3 -m venv V && V/bin/pip install tensorboard && V/bin/python make_tensorboard.py
    V/bin/python make_tensorboard.py FILE...     prints the figures of event files, as TensorBoard reads them

Written with tensorboard 2.21.
"""
import pathlib
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

HERE = pathlib.Path(__file__).resolve().parent

if len(sys.argv) > 1:
    for path in sys.argv[1:]:
        events = EventAccumulator(path)
        events.Reload()
        for tag in events.Tags()["scalars"]:
            print(tag, [(e.step, e.value) for e in events.Scalars(tag)])
    sys.exit()

with open(HERE / "events.tfevents", "wb") as f:
    writer = RecordWriter(f)
    writer.write(Event(wall_time=1700000000.25, file_version="brain.Event:2").SerializeToString())
    for step, tag, value in ((1, "loss", 0.5), (2, "loss", -1.25e-7), (300, "validation_loss", float("inf")), (2**40 + 5, "a tag that is longer than a varint's first byte can say, so that its length takes two: " + "x" * 50, 3.0)):
        writer.write(Event(wall_time=1700000000.5 + step, step=step, summary=Summary(value=[Summary.Value(tag=tag, simple_value=value)])).SerializeToString())
    writer.flush()
