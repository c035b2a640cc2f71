import { LabError } from "../../core/errors";

let listener: (() => void) | undefined;

/**
 * A signal that Jupyter's interrupt button aborts. The button sends the kernel SIGINT; tslab then gives the cell back at
 * once, but the work that the cell had begun would go on unseen. Ask for a new signal in every cell: an aborted one
 * stays aborted, and only the newest listens.
 */
export function interruptSignal(): AbortSignal {
  const controller = new AbortController();
  // Up to its first `await` a cell runs under Node's own watch for SIGINT, which takes all listeners off and puts them
  // back afterwards. A listener that is added meanwhile leaves the process with the default action: the kernel dies.
  setImmediate(() => {
    if (listener !== undefined) process.off("SIGINT", listener);
    listener = () => {
      controller.abort(new LabError("the work was interrupted", "Run the cell again: it goes on where it was."));
    };
    process.on("SIGINT", listener);
  });
  return controller.signal;
}
