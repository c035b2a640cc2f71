"""Writes two steps with TensorBoard's own protos and record writer, and prints the file in hexadecimal: what stands in
tests/reference/tensorboard/events.hex.

    python record_events.py
"""

import io

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

START = 1_790_000_000.5


class Kept(io.BytesIO):
    def close(self):
        pass


def main():
    out = Kept()
    writer = RecordWriter(out)
    writer.write(Event(wall_time=START, file_version="brain.Event:2").SerializeToString())
    for step, time, figures in [
        (0, START + 0.25, dict(loss=0.1, seconds=0.25)),
        (300, START + 1.75, dict(loss=-2.5e-7, reward=float("nan"), seconds=1.5)),
    ]:
        values = [Summary.Value(tag=tag, simple_value=value) for tag, value in figures.items()]
        writer.write(Event(wall_time=time, step=step, summary=Summary(value=values)).SerializeToString())
    print(out.getvalue().hex())


main()
