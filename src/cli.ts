#!/usr/bin/env node
import "../scripts/lib/node-version.cjs"; // before anything that another Node could not load
import * as path from "node:path";
import { runInWorker } from "./cli/supervise";

runInWorker(path.join(__dirname, "cli", "program.js"));
