// npm run setup
import { setUp } from "./lib/setup.mjs";
import { main } from "./lib/shell.mjs";

await main(setUp);
