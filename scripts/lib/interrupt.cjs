// Loaded before tslab by scripts/kernel.mjs: an interrupt that comes as a message is handled like the signal SIGINT, and
// the kernel ends with the process that started it.
process.on("message", () => {
  process.send("heard");
  process.emit("SIGINT");
});
process.on("disconnect", () => process.exit());
