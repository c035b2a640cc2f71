// Every command requires this first: it ends the process with one line where Node is not one that package.json's engines
// name. Old syntax only, and nothing to load, so that any Node gets as far as here.
const range = require("../../package.json").engines.node; // "^20.19.0 || ^22.13.0": of each major, from a minor on

const numbers = (version) => version.replace(/^\D+/, "").split(".").map(Number);
const [major, minor] = numbers(process.versions.node);
const fits = range.split("||").some((part) => {
  const [wanted, least] = numbers(part);
  return major === wanted && minor >= least;
});

if (!fits) {
  console.error(
    "fine-r1: Node " +
      process.versions.node +
      " does not run TensorFlow.js 4.22. Use Node 22 (from 22.13) or 20 (from 20.19), for example: " +
      "nvm install 22 && nvm use 22",
  );
  process.exit(1);
}
