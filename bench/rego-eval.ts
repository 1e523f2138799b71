import { compilePolicy, type JsonObject, toParsed, type Value } from '@writ/rego';
import { requireSame } from './first-light/section.ts';
import { type BenchReport, compare, type Figure, type Spread, spreadOf } from './measure.ts';
import { type Case, rolesCase, rulesCase, spiffeCase, tutorialCase } from './rego-eval/cases.ts';

/** Each ratio is taken this often, so that its spread shows what the machine adds. */
const REPEATS = 9;
const ROUNDS = 20;
/** Answers asked for in a round. */
const ANSWERS_PER_ROUND = 4_000;
/** Within this many times the hand-written function's time, for a policy of the tutorial's size. */
const RATIO_MAX = 15;
/** How much longer the largest policy or data may take than the smallest. */
const FLAT_RULES_MAX = 2;
const FLAT_PRINCIPALS_MAX = 1.5;

const BACKENDS = ['closures', 'generated'] as const;
type Backend = (typeof BACKENDS)[number];

interface Measured {
  /** Nanoseconds per answer. */
  readonly hand: Spread;
  readonly engine: Readonly<Record<Backend, Spread>>;
  readonly ratio: Readonly<Record<Backend, Spread>>;
}

/** The engine with each of its back ends beside functions written by hand. All answers are compared first. */
export async function run(): Promise<BenchReport> {
  const figures: Figure[] = [];
  const measured = new Map<string, Measured>();
  const cases = [
    tutorialCase(),
    spiffeCase(),
    ...[10, 1_000, 10_000].map(rulesCase),
    ...[1_000, 100_000].map(rolesCase),
  ];
  for (const one of cases) {
    const result = await measure(one);
    measured.set(one.name, result);
    figures.push(...figuresOf(one.name, result));
  }
  figures.push(
    flatness('generated: 10,000 rules / 10 rules', measured, ['10 rules', '10,000 rules'], FLAT_RULES_MAX),
  );
  figures.push(
    flatness(
      'generated: 100,000 principals / 1,000',
      measured,
      ['roles, 1,000 principals', 'roles, 100,000 principals'],
      FLAT_PRINCIPALS_MAX,
    ),
  );
  return { figures, leftOut: [] };
}

function figuresOf(name: string, { hand, engine, ratio }: Measured): Figure[] {
  const figures: Figure[] = [{ name: `${name}: by hand`, value: hand.median, unit: 'ns', spread: hand }];
  for (const backend of BACKENDS) {
    const [time, times] = [engine[backend], ratio[backend]];
    figures.push({ name: `${name}: ${backend}`, value: time.median, unit: 'ns', spread: time });
    const goal = backend === 'generated' && name === 'tutorial' ? { goal: { atMost: RATIO_MAX } } : {};
    figures.push({
      name: `${name}: ${backend} / by hand`,
      value: times.median,
      unit: 'x',
      spread: times,
      ...goal,
    });
  }
  return figures;
}

function flatness(
  name: string,
  measured: ReadonlyMap<string, Measured>,
  [small, large]: readonly [string, string],
  atMost: number,
): Figure {
  const time = (which: string): number => measured.get(which)?.engine.generated.median ?? Number.NaN;
  return { name, value: time(large) / time(small), unit: 'x', goal: { atMost } };
}

function engineOf({ text, path, data, inputs, decide }: Case, backend: Backend): (input: unknown) => unknown {
  const { policy, diagnostics } = compilePolicy([{ file: 'policy.rego', text }], {
    data: data as JsonObject,
    backend,
  });
  if (policy === undefined) throw new Error(JSON.stringify(diagnostics));
  const query = policy.prepare(path);
  const evaluate = (input: unknown): Value => {
    const result = query.evaluate(input as Value);
    if (result.kind !== 'value') throw new Error(`the policy is ${result.kind}`);
    return result.value;
  };
  for (const input of inputs) requireSame(backend, toParsed(evaluate(input)), decide(input));
  return evaluate;
}

async function measure(one: Case): Promise<Measured> {
  const { inputs } = one;
  let kept: unknown;
  const each = (decide: (input: unknown) => unknown) => (): void => {
    for (const input of inputs) kept = decide(input);
  };
  const contenders = [
    { name: 'hand', run: each((input) => one.decide(input)) },
    ...BACKENDS.map((backend) => ({ name: backend, run: each(engineOf(one, backend)) })),
  ];
  const perRound = Math.ceil(ANSWERS_PER_ROUND / inputs.length);
  const medians = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const times = await compare(contenders, { rounds: ROUNDS, perRound, warmUp: repeat === 0 ? 30 : 1 });
    for (const [name, spread] of times) medians.get(name)?.push((spread.median * 1000) / inputs.length);
  }
  if (kept === undefined) throw new Error('nothing was evaluated');
  const hand = medians.get('hand') ?? [];
  const of = (make: (backend: Backend) => Spread): Readonly<Record<Backend, Spread>> => ({
    closures: make('closures'),
    generated: make('generated'),
  });
  const timesOf = (backend: Backend): readonly number[] => medians.get(backend) ?? [];
  return {
    hand: spreadOf(hand),
    engine: of((backend) => spreadOf(timesOf(backend))),
    ratio: of((backend) =>
      spreadOf(timesOf(backend).map((time, index) => time / (hand[index] ?? Number.NaN))),
    ),
  };
}
