import { readFileSync } from 'node:fs';
import { spreadOf } from '../measure.ts';

/** What many callers at once got out of one server. */
export interface Crowd {
  readonly perSecond: number;
  /** Processor time of the server's process for a call, ms; NaN where it has no process or this is not Linux. */
  readonly cpuMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Clock ticks of `/proc`, ms each: 100 a second on every Linux that Node runs on. */
const TICK_MS = 10;
const WARM_UP_SHARE = 4;

/** Each caller calls again and again, for this long. */
export async function crowd(
  calls: readonly (() => Promise<unknown>)[],
  durationMs: number,
  pid: number | undefined,
): Promise<Crowd> {
  await during(calls, durationMs / WARM_UP_SHARE);
  const before = cpuOf(pid);
  const at = performance.now();
  const samples = await during(calls, durationMs);
  const tookMs = performance.now() - at;
  const { median, p99 } = spreadOf(samples);
  return {
    perSecond: (samples.length / tookMs) * 1_000,
    cpuMs: (cpuOf(pid) - before) / samples.length,
    p50Ms: median,
    p99Ms: p99,
  };
}

async function during(calls: readonly (() => Promise<unknown>)[], durationMs: number): Promise<number[]> {
  const end = performance.now() + durationMs;
  const samples: number[] = [];
  await Promise.all(
    calls.map(async (call) => {
      while (performance.now() < end) {
        const at = performance.now();
        await call();
        samples.push(performance.now() - at);
      }
    }),
  );
  return samples;
}

/** User and system time of a process, threads included, ms. */
function cpuOf(pid: number | undefined): number {
  if (pid === undefined) return Number.NaN;
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return Number.NaN;
  }
}
