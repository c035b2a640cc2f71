/** A learning rate as a function of the step, 0 ≤ step < steps. */
export type Schedule = (step: number) => number;

/** The same rate at every step, after a linear warm-up over `warmup` steps. */
export function constant(peak: number, warmup = 0): Schedule {
  return (step) => peak * warmUp(step, warmup);
}

/** Linear warm-up, then linear decay to 0 at `steps`. */
export function linear(peak: number, steps: number, warmup = 0): Schedule {
  return (step) =>
    step < warmup ? peak * warmUp(step, warmup) : (peak * (steps - step)) / Math.max(1, steps - warmup);
}

/** Linear warm-up, then half a cosine down to 0 at `steps` (the schedule of stage 1). Beyond the warm-up it is LLaMA-Factory's "cosine". */
export function cosine(peak: number, steps: number, warmup = 0): Schedule {
  return (step) => {
    if (step < warmup) return peak * warmUp(step, warmup);
    const progress = (step - warmup) / Math.max(1, steps - warmup);
    return (peak / 2) * (1 + Math.cos(Math.PI * progress));
  };
}

/** One cycle (Smith & Topin, 2018): half a cosine up over `rise` of the steps from peak/25, then down to 0. */
export function oneCycle(peak: number, steps: number, rise = 0.1): Schedule {
  const top = Math.max(1, Math.round(rise * steps));
  const low = peak / 25;
  return (step) => {
    if (step < top) return low + ((peak - low) / 2) * (1 - Math.cos((Math.PI * step) / top));
    return (peak / 2) * (1 + Math.cos((Math.PI * (step - top)) / Math.max(1, steps - top)));
  };
}

/**
 * The part of the peak that a linear warm-up of n steps has reached: 1/n in the first one and all in the last, step n − 1. That is one step
 * ahead of transformers (and so of LLaMA-Factory), where the first step has the rate 0.
 */
function warmUp(step: number, warmup: number): number {
  return step < warmup ? (step + 1) / warmup : 1;
}
