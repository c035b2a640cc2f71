import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { Readable, Writable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";

/**
 * Pages as headless Chromium shows them, told what to do over a pair of pipes (the DevTools protocol, a JSON text ended by a NUL for
 * each message): no package drives it.
 */

const NAMES = [process.env["FINE_R1_CHROMIUM"] ?? "", "chromium", "chromium-browser", "google-chrome", "chrome"];
/** The program, where this machine has one. */
export const CHROMIUM = NAMES.find((name) => name !== "" && spawnSync(name, ["--version"]).status === 0);

interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

export interface View {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
  /** Default: true. */
  readonly scripts?: boolean;
}

export class Chromium {
  private readonly answers = new Map<number, (message: Message) => void>();
  private readonly listeners = new Set<(message: Message) => void>();
  private sent = 0;

  private constructor(
    private readonly child: ChildProcess,
    private readonly profile: string,
  ) {
    let rest = "";
    (child.stdio[4] as Readable).setEncoding("utf8").on("data", (chunk: string) => {
      const texts = (rest + chunk).split("\0");
      rest = texts.pop() ?? "";
      for (const text of texts) this.take(JSON.parse(text) as Message);
    });
  }

  static start(): Chromium {
    const profile = fs.mkdtempSync(path.join(os.tmpdir(), "fine-r1-chromium-"));
    const options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];
    const args = [...options, `--user-data-dir=${profile}`, "--remote-debugging-pipe", "about:blank"];
    const child = spawn(CHROMIUM ?? "", args, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    return new Chromium(child, profile);
  }

  private take(message: Message): void {
    if (message.id === undefined) for (const listener of this.listeners) listener(message);
    else this.answers.get(message.id)?.(message);
  }

  send(method: string, params: object = {}, sessionId?: string): Promise<Record<string, unknown>> {
    const id = ++this.sent;
    return new Promise((resolve, reject) => {
      this.answers.set(id, ({ result, error }) => {
        this.answers.delete(id);
        if (error === undefined) resolve(result ?? {});
        else reject(new Error(`${method}: ${error.message}`));
      });
      (this.child.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  /** Opens a page and waits until it has loaded. */
  async open(
    url: string,
    { width = 1280, height = 900, dark = false, scripts = true }: View = {},
  ): Promise<OpenedPage> {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = (await this.send("Target.attachToTarget", { targetId, flatten: true })) as {
      sessionId: string;
    };
    const page = new OpenedPage((method, params) => this.send(method, params, sessionId));
    const loaded = new Promise<void>((resolve) => {
      this.listeners.add((message) => {
        if (message.sessionId !== sessionId) return;
        if (message.method === "Page.loadEventFired") resolve();
        page.hear(message.method ?? "", message.params ?? {});
      });
    });
    for (const domain of ["Page", "Runtime", "Network", "Log"]) await page.send(`${domain}.enable`);
    await page.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: width < 600 });
    const features = [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }];
    await page.send("Emulation.setEmulatedMedia", { features });
    await page.send("Emulation.setScriptExecutionDisabled", { value: !scripts });
    await page.send("Page.navigate", { url });
    await loaded;
    return page;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    await this.send("Browser.close").catch(() => this.child.kill());
    await ended;
    fs.rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A page in the browser. */
export class OpenedPage {
  /** Errors of scripts, of the console and of loading. */
  readonly errors: string[] = [];
  /** Every address that was asked for, but the data that stands in the page itself. */
  readonly requests: string[] = [];

  constructor(readonly send: (method: string, params?: object) => Promise<Record<string, unknown>>) {}

  hear(method: string, params: Record<string, unknown>): void {
    const told = JSON.stringify(params);
    if (method === "Runtime.exceptionThrown" || method === "Network.loadingFailed") this.errors.push(told);
    if (method === "Log.entryAdded" && told.includes('"level":"error"')) this.errors.push(told);
    if (method === "Runtime.consoleAPICalled" && params["type"] === "error") this.errors.push(told);
    const request = params["request"] as { readonly url: string } | undefined;
    if (method === "Network.requestWillBeSent" && request?.url.startsWith("data:") === false)
      this.requests.push(request.url);
  }

  /** The value of an expression in the page, as JSON. */
  async evaluate<T>(expression: string): Promise<T> {
    const options = { expression, returnByValue: true, awaitPromise: true };
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", options);
    if (exceptionDetails !== undefined) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return (result as { readonly value: T }).value;
  }

  /** Waits until an expression holds. */
  async until(expression: string): Promise<void> {
    for (let tries = 0; tries < 200; tries += 1) {
      if (await this.evaluate<boolean>(`Boolean(${expression})`)) return;
      await pause(50);
    }
    throw new Error(`never came true: ${expression}`);
  }

  async hover(x: number, y: number): Promise<void> {
    await this.send("Input.dispatchMouseEvent", { type: "mouseMoved", x: x - 3, y });
    await this.send("Input.dispatchMouseEvent", { type: "mouseMoved", x, y });
  }

  async press(key: string, code = key): Promise<void> {
    const text = key === "Enter" ? "\r" : undefined;
    const windowsVirtualKeyCode = { Enter: 13, Tab: 9 }[key];
    await this.send("Input.dispatchKeyEvent", { type: "keyDown", key, code, text, windowsVirtualKeyCode });
    await this.send("Input.dispatchKeyEvent", { type: "keyUp", key, code, windowsVirtualKeyCode });
  }

  async close(): Promise<void> {
    await this.send("Page.close");
  }

  /** The whole page as PNG. */
  async picture(): Promise<Buffer> {
    const { data } = await this.send("Page.captureScreenshot", { format: "png", captureBeyondViewport: true });
    return Buffer.from(data as string, "base64");
  }
}
