// The kernel's process, started by scripts/kernel.mjs: tslab, and what our notebooks need beyond it. The parts of tslab that
// are taken hold of here are no public interface; package-lock.json pins its version, and tests/notebooks tries them.
const { writeFileSync } = require("node:fs");
const { setTimeout } = require("node:timers");
const { inspect, parseArgs } = require("node:util");
const { Worker } = require("node:worker_threads");
const { JupyterHandlerImpl, ZmqServer } = require("tslab/dist/jupyter.js");
const { startKernel } = require("tslab/dist/main.js");
const { getVersion } = require("tslab/dist/util.js");
const { receiveWhenBound, sendInTurn } = require("./sockets.cjs");

/** How long work that was asked to stop may take, to save a checkpoint, before its cell is given back all the same. */
const GRACE_MS = 3000;

endWithLauncher();
noteLateFailures(process.env.FINE_R1_LATE_FAILURES);
endWhenDone();
answerWhenBound();
const cell = watchCells();
const stopCell = start();

// The stop button, as a message or, where a cell lets none through, as the signal.
process.on("SIGINT", () => {
  const stopped = cell.running;
  const heard = process.listenerCount("SIGINT") > 1; // the library's signal: the work ends by itself
  if (!heard) stopCell();
  else setTimeout(() => cell.running === stopped && stopCell(), GRACE_MS).unref();
});
process.on("message", () => {
  process.send("heard");
  process.emit("SIGINT");
});

/** Starts tslab from the project, never another one that lies above the notebook. @returns what gives the running cell back */
function start() {
  const options = { "config-path": { type: "string", default: "" }, js: { type: "boolean", default: false } };
  const { values } = parseArgs({ options, allowPositionals: true });
  const error = console.error;
  console.error = (...args) => error(...args.map(brief)); // tslab keeps this function for what a cell throws
  startKernel({
    configPath: values["config-path"],
    enableFindLocal: false,
    jsKernel: values.js,
    globalVersion: getVersion(),
  });
  console.error = error;
  const [listener] = process.listeners("SIGINT");
  process.off("SIGINT", listener);
  return listener;
}

/** What a reader can mend is one line; a stack is for what is wrong in the code. */
function brief(thrown) {
  if (!(thrown instanceof Error)) return thrown;
  if (thrown.message === "Interrupted asynchronously") return "Interrupted";
  return thrown.name === "LabError" ? `${thrown.name}: ${thrown.message}` : thrown;
}

function watchCells() {
  const state = { running: undefined };
  const execute = JupyterHandlerImpl.prototype.handleExecuteImpl;
  JupyterHandlerImpl.prototype.handleExecuteImpl = async function (...args) {
    const own = (state.running = {});
    try {
      return await execute.apply(this, args);
    } finally {
      if (state.running === own) state.running = undefined;
    }
  };
  return state;
}

/** Keeps a file of the failures that no cell awaited: Jupyter drops what a kernel says between and after cells. */
function noteLateFailures(file) {
  if (file === undefined) return;
  const failures = new Map();
  const write = () => writeFileSync(file, [...failures.values()].map((failure) => `${inspect(failure)}\n`).join(""));
  process.on("uncaughtException", (error) => {
    failures.set(Symbol("failure"), error);
    write();
  });
  process.on("unhandledRejection", (reason, promise) => {
    failures.set(promise, reason);
    write();
  });
  process.on("rejectionHandled", (promise) => {
    failures.delete(promise); // a later cell awaited it
    write();
  });
}

/** After a shutdown the process ends as a script does: when nothing it has begun is still at work. */
function endWhenDone() {
  const close = ZmqServer.prototype.close;
  ZmqServer.prototype.close = function () {
    // tslab sends what is written to the notebook, whose sockets are closed now
    delete process.stdout.write;
    delete process.stderr.write;
    process.removeAllListeners("message");
    process.channel?.unref();
    close.call(this);
    // nor has an answer to what came in just before, a heartbeat say, anywhere to go
    this.iopub = this.hb = { send: async () => undefined };
    this.closed = true;
  };
}

/** Answers nothing before every socket is bound, and ends where one cannot be: Jupyter then starts a kernel on other ports. */
function answerWhenBound() {
  const { init, handleShellMessage } = ZmqServer.prototype;
  let bound;
  ZmqServer.prototype.bindSocket = async function (socket, port) {
    const { transport, ip } = this.connInfo;
    sendInTurn(socket);
    const binding = socket.bind(`${transport}://${ip}${transport === "ipc" ? "-" : ":"}${port}`); // tslab knows no ipc
    receiveWhenBound(socket, binding);
    await binding;
  };
  ZmqServer.prototype.init = function () {
    bound = init.call(this).catch((error) => {
      console.error(`The kernel cannot listen: ${error.message}`);
      process.exit(1);
    });
    return bound;
  };
  ZmqServer.prototype.handleShellMessage = async function (...args) {
    await bound;
    try {
      await handleShellMessage.apply(this, args);
    } catch (error) {
      if (this.closed !== true) throw error; // else it is the answer of a cell that was cut short
    }
  };
}

/** The launcher may be killed while a cell computes without pause; a thread of its own sees the end of its pipe. */
function endWithLauncher() {
  const watch = `
    const { Socket } = require("node:net");
    new Socket({ fd: 4 }).on("close", () => process.kill(process.pid, "SIGKILL")).resume();`;
  new Worker(watch, { eval: true }).unref();
}
