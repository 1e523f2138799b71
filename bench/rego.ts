import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ground } from './first-light/section.ts';
import { type BenchReport, type Figure, type Spread, spreadOf } from './measure.ts';
import {
  type Case,
  globCase,
  reviewCase,
  rolesCase,
  rulesCase,
  spiffeCase,
  tutorialCase,
} from './rego/cases.ts';
import { coldStart } from './rego/cold-start.ts';
import { preparing } from './rego/costs.ts';
import { findRivals, type Rivals, startServer, startWasm, writeCase } from './rego/rivals.ts';
import { measureCase, OPA, ratio, type Times, timeFigures } from './rego/workload.ts';

const CASES: readonly (() => Case)[] = [
  tutorialCase,
  spiffeCase,
  globCase,
  reviewCase,
  () => rulesCase(10),
  () => rulesCase(1_000),
  () => rulesCase(10_000),
  () => rolesCase(1_000),
  () => rolesCase(100_000),
];
/** What `compilePolicy` gives where nothing is asked for. */
const ENGINE = 'generated';
const HAND = 'by hand';

interface Ratio {
  readonly name: string;
  readonly spread: Spread | undefined;
  readonly goal?: Figure['goal'];
}

/**
 * The engine's back ends beside OPA in process, over REST and as Wasm, and beside functions written by hand, over
 * policies small and large. All answers are compared before anything is timed; goals are ratios of one run.
 */
export async function run(): Promise<BenchReport> {
  const folder = mkdtempSync(join(tmpdir(), 'writ-bench-rego-'));
  const ground: Ground = { folder, cleanup: [() => rmSync(folder, { recursive: true, force: true })] };
  const only = process.env['WRIT_BENCH_CASE'];
  const figures: Figure[] = [];
  try {
    const rivals = await findRivals(ground);
    const engineTimes = new Map<string, readonly number[]>();
    for (const make of CASES) {
      const one = make();
      if (only !== undefined && !one.name.includes(only)) continue;
      const [parsed, text, more] = await measureBoth(ground, rivals, one);
      engineTimes.set(one.name, parsed.get(ENGINE) ?? []);
      figures.push(...timeFigures(`${one.name}, parsed`, parsed), ...timeFigures(`${one.name}, text`, text));
      figures.push(...more, ...ratioFigures(one.name, parsed, text));
    }
    figures.push(...flatness(engineTimes));
    if (only === undefined) figures.push(...(await preparing()), ...(await coldStart(ground, rivals.opa)));
    return { figures, leftOut: rivals.leftOut };
  } finally {
    for (let step = ground.cleanup.pop(); step !== undefined; step = ground.cleanup.pop()) await step();
  }
}

async function measureBoth(
  ground: Ground,
  { oracle, opa }: Rivals,
  one: Case,
): Promise<[parsed: Times, text: Times, more: readonly Figure[]]> {
  const paths = opa === undefined ? [] : writeCase(ground, one);
  const wasm = opa === undefined ? undefined : await startWasm(opa, paths, one);
  const server = opa === undefined ? undefined : await startServer(ground, opa, paths, one);
  const rivals = { oracle, wasm, servers: server?.rivals ?? [] };
  try {
    const parsed = await measureCase(one, false, rivals);
    const text = await measureCase(one, true, rivals);
    const more: Figure[] = [];
    if (wasm !== undefined) {
      more.push({ name: `${one.name}: opa build -t wasm`, value: wasm.buildMs, unit: 'ms' });
      more.push({ name: `${one.name}: opa-wasm loads it`, value: wasm.loadMs, unit: 'ms' });
    }
    return [parsed, text, more];
  } finally {
    await server?.stop();
  }
}

function ratioFigures(name: string, parsed: Times, text: Times): Figure[] {
  const isTutorial = name === 'tutorial';
  const rest = [...parsed.keys()].filter((rival) => rival.startsWith('OPA over REST'));
  const ratios: Ratio[] = [
    {
      name: `${ENGINE} / by hand, parsed`,
      spread: ratio(parsed, ENGINE, HAND),
      ...(isTutorial && { goal: { atMost: 15 } }),
    },
    { name: `${ENGINE} / by hand, text`, spread: ratio(text, ENGINE, HAND), goal: { atMost: 2 } },
    {
      name: `OPA in process / ${ENGINE}, parsed`,
      spread: ratio(parsed, OPA, ENGINE),
      goal: { atLeast: isTutorial ? 50 : 20 },
    },
    { name: `OPA in process / ${ENGINE}, text`, spread: ratio(text, OPA, ENGINE) },
    {
      name: `opa-wasm / ${ENGINE}, parsed`,
      spread: ratio(parsed, 'opa-wasm', ENGINE),
      ...(isTutorial && { goal: { atLeast: 8 } }),
    },
    { name: `opa-wasm / ${ENGINE}, text`, spread: ratio(text, 'opa-wasm', ENGINE) },
    ...rest.map((rival) => ({
      name: `${rival} / ${ENGINE}`,
      spread: ratio(parsed, rival, ENGINE),
      ...(isTutorial && { goal: { atLeast: 200 } }),
    })),
  ];
  return ratios.flatMap(({ name: what, spread, goal }) =>
    spread === undefined
      ? []
      : [{ name: `${name}: ${what}`, value: spread.median, unit: 'x', spread, ...(goal && { goal }) }],
  );
}

const FLAT = [
  { what: '10,000 rules / 10 rules', large: '10,000 rules', small: '10 rules', atMost: 2 },
  {
    what: '100,000 principals / 1,000',
    large: 'roles, 100,000 principals',
    small: 'roles, 1,000 principals',
    atMost: 1.5,
  },
] as const;

function flatness(times: ReadonlyMap<string, readonly number[]>): Figure[] {
  return FLAT.flatMap(({ what, large, small, atMost }) => {
    const [above, below] = [times.get(large), times.get(small)];
    if (above === undefined || below === undefined) return [];
    const value = spreadOf(above).median / spreadOf(below).median;
    return [{ name: `${ENGINE}: ${what}`, value, unit: 'x', goal: { atMost } }];
  });
}
