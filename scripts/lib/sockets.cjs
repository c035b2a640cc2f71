// What zeromq's sockets refuse where they should wait. A socket itself takes no property, so its kind is changed.

/** Of each socket that receives and is being bound: when it is bound. */
const bindings = new WeakMap();

/**
 * A socket takes a message at once, but every few hundred it takes its time, and then refuses the next, which tslab would lose: a
 * cell's output, or that the cell has ended. Here the next waits until the socket is free, and all that come after it.
 */
function sendInTurn(socket) {
  const kind = Object.getPrototypeOf(socket);
  if (Object.hasOwn(kind, "send")) return;
  const { send } = kind;
  const states = new WeakMap();
  const inTurn = function (message) {
    const state = states.get(this) ?? { last: Promise.resolve(), waiting: 0 };
    states.set(this, state);
    if (state.waiting === 0) {
      try {
        return (state.last = send.call(this, message));
      } catch (error) {
        if (error.code !== "EBUSY") throw error;
      }
    }
    state.waiting += 1;
    const before = state.last.catch(() => undefined); // whoever sent it hears of that
    return (state.last = before.then(() => {
      state.waiting -= 1;
      return send.call(this, message);
    }));
  };
  Object.defineProperty(kind, "send", { value: inTurn });
}

/** A message may come while its socket is still being bound, which then refuses to take the next: tslab would hear none after it. */
function receiveWhenBound(socket, binding) {
  const kind = Object.getPrototypeOf(socket);
  if (kind.receive === undefined) return; // what publishes
  const bound = () => bindings.delete(socket);
  bindings.set(socket, binding.then(bound, bound));
  if (Object.hasOwn(kind, "receive")) return;
  const { receive } = kind;
  const inTurn = function () {
    const binding = bindings.get(this);
    return binding === undefined ? receive.call(this) : binding.then(() => receive.call(this));
  };
  Object.defineProperty(kind, "receive", { value: inTurn });
}

module.exports = { receiveWhenBound, sendInTurn };
