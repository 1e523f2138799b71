import { join } from 'node:path';
import { GroupCommitFile } from './first-light/group-commit-file.ts';
import { type Ground, requireSame, withGround } from './first-light/section.ts';
import { type Crowd, together as callTogether, crowd, memoryOf } from './gateway/crowd.ts';
import { connectLight } from './gateway/light-client.ts';
import { type Rival, startRivals } from './gateway/rivals.ts';
import { type BenchReport, compare, type Figure, inMilliseconds } from './measure.ts';

const CALLS = 300;
const WARM_UP = 50;
const CONCURRENT = 32;
const CROWD = { count: 6_000, warmUp: 4_000, msMax: 60_000 };
/** Calls of the run that looks at memory; `--calls 200000` is the whole one. */
const CALLS_FLAG = '--calls';
const MEMORY_CALLS = 10_000;
const MEMORY_MS = 60 * 60_000;
const QUARTERS = 4;
const RECORD_BYTES = 2_048;
/** What Writ may add: so many times what a bare proxy adds, and one sync. */
const PROXY_SHARE = 1.5;

/**
 * `tools/call` over HTTP through what stands in front of one echo server: nothing, a bare Node proxy, Writ with every
 * decision durable, and rivals that are installed. One after another, and with 32 in flight.
 */
export function run(): Promise<BenchReport> {
  return withGround(async (ground) => {
    const { rivals, leftOut } = await startRivals(ground);
    const figures = [...(await alone(ground, rivals)), ...(await together(ground, rivals))];
    return { figures: [...figures, ...(await memory(ground, rivals))], leftOut };
  });
}

const ARGS = { table: 'orders', row: 7 };

async function alone(ground: Ground, rivals: readonly Rival[]): Promise<readonly Figure[]> {
  const file = await GroupCommitFile.open(join(ground.folder, 'synced'));
  ground.cleanup.push(() => file.close());
  const record = new Uint8Array(RECORD_BYTES);
  const callers = await Promise.all(
    rivals.map(async ({ name, url }) => {
      const client = await connectLight(url);
      ground.cleanup.push(() => client.close());
      const run = () => client.call('db.read', ARGS);
      // Peers may write the same JSON in another order.
      const [block] = (await run()) as readonly { readonly text?: string }[];
      requireSame(name, JSON.parse(block?.text ?? 'null'), ARGS);
      return { name, run };
    }),
  );
  const times = await compare([...callers, { name: 'sync', run: () => file.append(record) }], {
    rounds: CALLS,
    perRound: 1,
    warmUp: WARM_UP,
  });
  const median = (name: string) => inMilliseconds(times.get(name)).value;
  const added = (name: string) => median(name) - median('direct');
  const sync = inMilliseconds(times.get('sync'));
  const through = rivals.filter(({ name }) => name !== 'direct');
  return [
    ...rivals.map(({ name }) => ({ name: `1 in flight: ${name}`, ...inMilliseconds(times.get(name)) })),
    { name: '1 in flight: one append with fdatasync', ...sync },
    ...through.map(({ name }) => ({
      name: `1 in flight: added by ${name}, p50`,
      value: added(name),
      unit: 'ms',
    })),
    {
      name: `added by Writ / (${PROXY_SHARE} bare proxies + one fdatasync)`,
      value: added('Writ') / (PROXY_SHARE * added('bare proxy') + sync.value),
      unit: 'x',
      goal: { atMost: 1 },
    },
    ...through
      .filter(({ peer }) => peer)
      .map(({ name }) => ({
        name: `time through Writ / through ${name}, p50`,
        value: median('Writ') / median(name),
        unit: 'x',
        goal: { atMost: 1 },
      })),
  ];
}

async function together(ground: Ground, rivals: readonly Rival[]): Promise<readonly Figure[]> {
  const found = new Map<string, Crowd>();
  for (const rival of rivals) {
    found.set(rival.name, await crowd(await callers(ground, rival), CROWD, rival.pid));
  }
  const of = (name: string): Crowd =>
    found.get(name) ?? { perSecond: Number.NaN, cpuMs: Number.NaN, p50Ms: Number.NaN, p99Ms: Number.NaN };
  const [writ, bare] = [of('Writ'), of('bare proxy')];
  const peers = rivals.filter(({ peer }) => peer);
  return [
    ...[...found].flatMap(([name, { perSecond, cpuMs }]) => [
      { name: `${CONCURRENT} in flight: ${name}`, value: perSecond, unit: '/s' },
      ...(Number.isNaN(cpuMs)
        ? []
        : [{ name: `${CONCURRENT} in flight: ${name}, processor time a call`, value: cpuMs, unit: 'ms' }]),
    ]),
    {
      name: 'rate through Writ / through the bare proxy',
      value: writ.perSecond / bare.perSecond,
      unit: 'x',
      goal: { atLeast: 0.5 },
    },
    ...peers.map(({ name }) => ({
      name: `rate through Writ / through ${name}`,
      value: writ.perSecond / of(name).perSecond,
      unit: 'x',
      goal: { atLeast: 1 },
    })),
    {
      name: 'processor time a call, Writ / bare proxy',
      value: writ.cpuMs / bare.cpuMs,
      unit: 'x',
      goal: { atMost: 3 },
    },
    {
      name: `${CONCURRENT} in flight: p99 / p50 through Writ`,
      value: writ.p99Ms / writ.p50Ms,
      unit: 'x',
      goal: { atMost: 5 },
    },
  ];
}

/** As many clients as call at the same time, each with a connection of its own. */
async function callers(ground: Ground, { url }: Rival): Promise<(() => Promise<unknown>)[]> {
  const calls = [];
  for (let index = 0; index < CONCURRENT; index++) {
    const client = await connectLight(url);
    ground.cleanup.push(() => client.close());
    calls.push(() => client.call('db.read', ARGS));
  }
  return calls;
}

/** How much more memory the gateway holds at the end of many calls than after a quarter of them. */
async function memory(ground: Ground, rivals: readonly Rival[]): Promise<readonly Figure[]> {
  const writ = rivals.find(({ name }) => name === 'Writ');
  if (writ === undefined) return [];
  const flag = process.argv.indexOf(CALLS_FLAG);
  const count = flag < 0 ? MEMORY_CALLS : Number(process.argv[flag + 1]);
  const calls = await callers(ground, writ);
  const held: number[] = [];
  for (let quarter = 0; quarter < QUARTERS; quarter++) {
    await callTogether(calls, count / QUARTERS, MEMORY_MS);
    held.push(memoryOf(writ.pid));
  }
  const [first = Number.NaN, last = Number.NaN] = [held[0], held.at(-1)];
  return [
    { name: `memory after ${count / QUARTERS} more calls`, value: first, unit: 'MiB' },
    { name: `memory after ${count} more calls`, value: last, unit: 'MiB' },
    { name: 'the latter / the former', value: last / first, unit: 'x', goal: { atMost: 1.2 } },
  ];
}
