import { setTimeout as sleep } from 'node:timers/promises';

const WAIT_MS_MAX = 60_000;
const STEP_MS = 10;

/** Waits for a condition; rejects with `otherwise` where it does not come true in a minute. */
export async function until(condition: () => boolean, otherwise: string): Promise<void> {
  const end = performance.now() + WAIT_MS_MAX;
  while (!condition()) {
    if (performance.now() > end) throw new Error(otherwise);
    await sleep(STEP_MS);
  }
}
