"""Reads a folder of event files with the real TensorBoard and prints, as JSON, every scalar of every run.

    python read_events.py FOLDER

Prints {run: {tag: [[wall_time, step, value], …]}}; runs are folders, named as TensorBoard names them.
"""

import json
import sys

from tensorboard.backend.event_processing.event_multiplexer import EventMultiplexer


def main():
    runs = EventMultiplexer(size_guidance={"scalars": 0}).AddRunsFromDirectory(sys.argv[1]).Reload()
    found = {
        run: {
            tag: [[event.wall_time, event.step, event.value] for event in runs.GetAccumulator(run).Scalars(tag)]
            for tag in kinds["scalars"]
        }
        for run, kinds in runs.Runs().items()
    }
    print(json.dumps(found))


main()
