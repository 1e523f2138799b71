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
/** Each caller calls again and again: so many times all together after a warm-up, or until the time is over. */
export async function crowd(
  calls: readonly (() => Promise<unknown>)[],
  { count, warmUp, msMax }: { readonly count: number; readonly warmUp: number; readonly msMax: number },
  pid: number | undefined,
): Promise<Crowd> {
  // What is not compiled yet costs many times as much: time alone would warm up less on a busy machine.
  await together(calls, warmUp, msMax);
  const before = cpuOf(pid);
  const at = performance.now();
  const samples = await together(calls, count, msMax);
  const tookMs = performance.now() - at;
  const { median, p99 } = spreadOf(samples);
  return {
    perSecond: (samples.length / tookMs) * 1_000,
    cpuMs: (cpuOf(pid) - before) / samples.length,
    p50Ms: median,
    p99Ms: p99,
  };
}

/** Calls so many times all together, `msMax` at most; how long each took, ms. */
export async function together(
  calls: readonly (() => Promise<unknown>)[],
  count: number,
  msMax: number,
): Promise<number[]> {
  const end = performance.now() + msMax;
  const samples: number[] = [];
  let begun = 0;
  await Promise.all(
    calls.map(async (call) => {
      while (begun < count && performance.now() < end) {
        begun += 1;
        const at = performance.now();
        await call();
        samples.push(performance.now() - at);
      }
    }),
  );
  return samples;
}

/** Resident memory of a process, MiB; NaN where this is not Linux. */
export function memoryOf(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
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
