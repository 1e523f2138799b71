import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender } from './contenders.ts';
import type { Publisher } from './publisher.ts';
import type { Workload } from './workloads.ts';

/** What one change of bundles took. */
export interface Activation {
  /** From the last byte that was sent to the first decision by the new bundle, ms. */
  readonly millis: number;
  /** Latency of decisions before, and from the moment of publication until the new bundle decides, ms. */
  readonly quiet: readonly number[];
  readonly during: readonly number[];
  /** Resident MiB just before, at most meanwhile, and a while after. */
  readonly before: number;
  readonly peak: number;
  readonly after: number;
}

/** A decision is asked every so often, whether or not the last ones took longer. */
const PACE_MS = 4;
const QUIET_MS = 3_000;
const SETTLE_MS = 2_500;
const ACTIVATION_MS_MAX = 60_000;

/** Asks at a steady pace, publishes the second bundle meanwhile, and goes on until it decides. */
export async function activation(
  contender: Contender,
  publisher: Publisher,
  workload: Workload,
): Promise<Activation> {
  const quiet: number[] = [];
  const during: number[] = [];
  await load(contender, 500, () => undefined);
  if (await contender.ask()) throw new Error(`${contender.name} allows by the first bundle`);
  await load(contender, QUIET_MS, (millis) => quiet.push(millis));
  // What decisions themselves come to take is there already.
  const before = contender.residentMebibytes();
  let peak = before;
  const sampling = setInterval(() => {
    peak = Math.max(peak, contender.residentMebibytes());
  }, 20);
  let sentAt: number | undefined;
  void publisher.publish(workload.after).then((at) => {
    sentAt = at;
  });
  let activeAt: number | undefined;
  const watch = (millis: number, allowed: boolean): void => {
    if (activeAt !== undefined) return;
    if (sentAt !== undefined) during.push(millis);
    if (allowed) activeAt = performance.now();
  };
  const end = performance.now() + ACTIVATION_MS_MAX;
  while (activeAt === undefined) {
    if (performance.now() > end)
      throw new Error(`${contender.name} does not activate ${workload.name}\n${contender.notes()}`);
    await load(contender, 100, watch);
  }
  await sleep(SETTLE_MS);
  clearInterval(sampling);
  return {
    millis: activeAt - sentAt!,
    quiet,
    during,
    before,
    peak: Math.max(peak, contender.residentMebibytes()),
    after: contender.residentMebibytes(),
  };
}

/** Latencies count from when a decision was due, so that a stall shows in all that waited for it. */
async function load(
  contender: Contender,
  forMillis: number,
  seen: (millis: number, allowed: boolean) => void,
): Promise<void> {
  const start = performance.now();
  const pending: Promise<void>[] = [];
  for (let count = 0; ; count++) {
    const due = start + count * PACE_MS;
    if (due - start > forMillis) break;
    const wait = due - performance.now();
    if (wait > 0) await sleep(wait);
    pending.push(
      contender.ask().then((allowed) => {
        seen(performance.now() - due, allowed);
      }),
    );
  }
  await Promise.all(pending);
}
