// npm run setup
import "./lib/node-version.cjs";
import { setUp } from "./lib/setup.mjs";
import { main } from "./lib/shell.mjs";

await main(setUp);
