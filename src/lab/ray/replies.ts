import { z } from "zod";
import { LabError, required } from "../../core/errors";

/** What a cluster answers, as far as it is read. */

/** What a job may be; the last three are ends. */
const JOB_STATES = ["PENDING", "RUNNING", "STOPPED", "SUCCEEDED", "FAILED"] as const;

/** A job as the cluster tells of it; times are in milliseconds since 1970. */
export interface Job {
  readonly submission_id?: string | null | undefined;
  readonly status: (typeof JOB_STATES)[number];
  readonly entrypoint: string;
  readonly message?: string | null | undefined;
  /** Such as "JOB_SUPERVISOR_ACTOR_DIED". */
  readonly error_type?: string | null | undefined;
  readonly start_time?: number | null | undefined;
  readonly end_time?: number | null | undefined;
  readonly metadata?: Readonly<Record<string, string>> | null | undefined;
  /** Of its command, once that has ended; a signal's number with a minus. */
  readonly driver_exit_code?: number | null | undefined;
}

/** A machine of the cluster. */
export interface RayNode {
  readonly state: string;
  readonly resources_total: Readonly<Record<string, number>>;
}

export const jobSchema: z.ZodType<Job> = z.object({
  submission_id: z.string().nullish(),
  status: z.enum(JOB_STATES),
  entrypoint: z.string(),
  message: z.string().nullish(),
  error_type: z.string().nullish(),
  start_time: z.number().nullish(),
  end_time: z.number().nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  driver_exit_code: z.int().nullish(),
});
export const versionSchema = z.object({ version: z.string(), ray_version: z.string() });
const nodeSchema: z.ZodType<RayNode> = z.object({
  state: z.string(),
  resources_total: z.record(z.string(), z.number()),
});
export const nodesSchema = z.object({ data: z.object({ result: z.object({ result: z.array(nodeSchema) }) }) });
export const logsSchema = z.object({ logs: z.string() });
export const stoppedSchema = z.object({ stopped: z.boolean() });

/** @throws LabError */
export function requireJob(job: Job | undefined, id: string): Job {
  return required(job, () => unknownJob(id));
}

export function unknownJob(id: string): LabError {
  const remedy = "`npx fine-r1 ray jobs` lists them; a cluster that was started anew has forgotten its jobs.";
  return new LabError("is no job of this cluster", remedy, { subject: id });
}

/** Whether nothing more will come of it. */
export function isOver({ status }: Job): boolean {
  return status !== "PENDING" && status !== "RUNNING";
}
