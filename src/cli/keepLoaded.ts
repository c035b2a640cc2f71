import * as os from "node:os";

/** dlopen's flag, which Node has no name for: the library stays in memory when it is closed. */
const RTLD_NODELETE = process.platform === "darwin" ? 0x80 : 0x1000;

// Imported first by what runs in a worker thread. Node unloads a thread's native libraries when the thread ends, but
// TensorFlow leaves functions behind that are called when the process ends: it died there, after all work was done.
const open = process.dlopen.bind(process);
process.dlopen = (module, file, flags = os.constants.dlopen.RTLD_LAZY) => {
  open(module, file, flags | RTLD_NODELETE);
};
