import { LabError } from "../../core/errors";
import { requireWithin, type LimitName } from "../../core/limits";

/** Keys, each with the values that are understood; a list in a file is understood when all its elements are. */
export type AsBuilt = Readonly<Record<string, readonly (string | number | boolean)[]>>;

/** Reads typed values out of a JSON object; every error names the file, the key and what is wanted. */
export class ConfigReader {
  private constructor(
    private readonly values: Readonly<Record<string, unknown>>,
    private readonly subject: string,
    /** Path of this object inside the file, with its final dot. */
    private readonly prefix: string,
  ) {}

  static of(json: unknown, subject: string): ConfigReader {
    if (typeof json !== "object" || json === null || Array.isArray(json)) {
      throw new LabError("is not a JSON object", "Use the config.json of the checkpoint.", { subject });
    }
    return new ConfigReader(json as Record<string, unknown>, subject, "");
  }

  error(key: string, reason: string): LabError {
    const found = JSON.stringify(this.values[key]) as string | undefined;
    return new LabError(
      `"${this.prefix}${key}" ${reason}; found ${found ?? "nothing"}`,
      "Use the config.json of a Qwen2-VL or Qwen2.5-VL checkpoint, or correct this key.",
      { subject: this.subject },
    );
  }

  require(key: string, holds: boolean, reason: string): void {
    if (!holds) throw this.error(key, reason);
  }

  /** Whether the key is there and not null. */
  has(key: string): boolean {
    return this.values[key] !== undefined && this.values[key] !== null;
  }

  child(key: string): ConfigReader {
    const value = this.values[key];
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw this.error(key, "must be an object");
    }
    return new ConfigReader(value as Record<string, unknown>, this.subject, `${this.prefix}${key}.`);
  }

  /** @throws LabError for a key of the table that has another value than those listed there */
  only(table: AsBuilt): void {
    for (const [key, understood] of Object.entries(table)) {
      if (!this.has(key)) continue;
      const given = this.values[key];
      const values: readonly unknown[] = Array.isArray(given) ? given : [given];
      if (values.every((value) => understood.some((known) => known === value))) continue;
      const wanted = understood.map((value) => JSON.stringify(value)).join(" or ");
      throw this.error(
        key,
        understood.length === 0 ? "is not supported" : `must be ${wanted}: nothing else is supported`,
      );
    }
  }

  /** The object with another value for a key. */
  with(key: string, value: unknown): Record<string, unknown> {
    return { ...this.values, [key]: value };
  }

  /** Whether another object says the same of a key, or nothing. */
  same(key: string, other: ConfigReader): boolean {
    return !other.has(key) || JSON.stringify(this.values[key]) === JSON.stringify(other.values[key]);
  }

  /** An integer of at least `minimum`; `fallback` when the key is absent. */
  integer(key: string, minimum = 1, fallback?: number, bound?: LimitName): number {
    if (!this.has(key) && fallback !== undefined) return fallback;
    const value = this.values[key];
    if (!Number.isSafeInteger(value) || (value as number) < minimum) {
      throw this.error(key, `must be an integer of at least ${minimum}`);
    }
    if (bound !== undefined)
      requireWithin(bound, value as number, `"${this.prefix}${key}" is ${String(value)}`, this.subject);
    return value as number;
  }

  /** A positive number. */
  number(key: string, fallback: number): number {
    if (!this.has(key)) return fallback;
    const value = this.values[key];
    if (typeof value !== "number" || !(value > 0)) throw this.error(key, "must be a positive number");
    return value;
  }

  boolean(key: string, fallback: boolean): boolean {
    if (!this.has(key)) return fallback;
    const value = this.values[key];
    if (typeof value !== "boolean") throw this.error(key, "must be true or false");
    return value;
  }

  text(key: string, fallback: string): string {
    if (!this.has(key)) return fallback;
    const value = this.values[key];
    if (typeof value !== "string") throw this.error(key, "must be a text");
    return value;
  }

  oneOf<const T extends string>(key: string, choices: readonly T[], fallback?: T): T {
    if (!this.has(key) && fallback !== undefined) return fallback;
    const choice = choices.find((item) => item === this.values[key]);
    if (choice === undefined) throw this.error(key, `must be one of ${choices.map((c) => `"${c}"`).join(", ")}`);
    return choice;
  }

  /** A list of integers ≥ 0. */
  integers(key: string, fallback?: readonly number[]): readonly number[] {
    if (!this.has(key) && fallback !== undefined) return fallback;
    const value = this.values[key];
    if (!Array.isArray(value) || !value.every((item) => Number.isSafeInteger(item) && (item as number) >= 0)) {
      throw this.error(key, "must be a list of integers");
    }
    return value as number[];
  }

  /** A list of numbers. */
  numbers(key: string, fallback: readonly number[]): readonly number[] {
    if (!this.has(key)) return fallback;
    const value = this.values[key];
    if (!Array.isArray(value) || !value.every((item) => typeof item === "number" && Number.isFinite(item))) {
      throw this.error(key, "must be a list of numbers");
    }
    return value as number[];
  }

  /** A list of texts; empty when the key is absent. */
  texts(key: string): readonly string[] {
    if (!this.has(key)) return [];
    const value = this.values[key];
    if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
      throw this.error(key, "must be a list of texts");
    }
    return value;
  }

  /** The values of an object that maps names to texts. */
  textValues(): readonly string[] {
    return Object.keys(this.values).map((key) => this.text(key, ""));
  }

  /** A token id, or a list of them; empty when the key is absent. */
  optionalIds(key: string): readonly number[] {
    if (!this.has(key)) return [];
    return Array.isArray(this.values[key]) ? this.integers(key) : [this.integer(key, 0)];
  }
}
