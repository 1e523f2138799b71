import type { Oracle } from '@writ/testing';
import { requireSame } from '../first-light/section.ts';
import { compare, type Figure, type Spread, spreadOf } from '../measure.ts';
import type { Case } from './cases.ts';
import { engineRivals, handRival, plain } from './engine.ts';
import type { Rival } from './rivals.ts';

/** Each ratio is taken this often, so that its spread shows what the machine adds. */
const REPEATS = Number(process.env['WRIT_BENCH_REPEATS'] ?? 7);
const ROUNDS = 12;
/** Answers asked for in a round. */
const ANSWERS_PER_ROUND = 2_000;
/** How long OPA answers in one repeat. */
const OPA_MILLIS = 60;
/** Questions over REST in one repeat. */
const REST_QUESTIONS = 60;

export const OPA = 'OPA in process';

export interface Ground {
  readonly oracle: Oracle | undefined;
  readonly wasm: Rival | undefined;
  readonly servers: readonly Rival[];
}

/** Nanoseconds of an answer by contender, one figure a repeat. */
export type Times = ReadonlyMap<string, readonly number[]>;

/** Without order: what is a set in the policy is an array, in any order, once it is JSON. */
function withoutOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Set || Array.isArray(value)) {
    const members = [...value].map((member) => JSON.stringify(withoutOrder(member)));
    return members.sort();
  }
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, withoutOrder(member)]));
}

async function requireSameAnswers(one: Case, text: boolean, ground: Ground, rivals: readonly Rival[]) {
  const wanted = one.inputs.map((input) => withoutOrder(one.decide(input)));
  const asked = askedAs(one, text);
  const servers = [...rivals, ...(ground.wasm === undefined ? [] : [ground.wasm]), ...ground.servers];
  for (const rival of servers) {
    for (const [index, input] of asked.entries()) {
      const answer = withoutOrder(plain(await rival.answer(input)));
      requireSame(`${one.name}: ${rival.name}`, answer, wanted[index]);
    }
  }
  if (ground.oracle === undefined) return;
  for (const [index, input] of one.inputs.entries()) {
    const answer = await ground.oracle.evaluate({ ...question(one), input });
    if (!('defined' in answer) || !answer.defined)
      throw new Error(`${one.name}: ${OPA}: ${JSON.stringify(answer)}`);
    requireSame(`${one.name}: ${OPA}`, withoutOrder(answer.value), wanted[index]);
  }
}

/** As JSON text, or as a program has it that reads JSON. */
function askedAs({ inputs }: Case, text: boolean): readonly unknown[] {
  const texts = inputs.map((input) => JSON.stringify(input));
  return text ? texts : texts.map((one) => JSON.parse(one) as unknown);
}

function question({ modules, data, path }: Case) {
  return { modules, data, query: `data.${path.split('/').join('.')}` };
}

/** Times every contender over the case's inputs. All answers are compared first. */
export async function measureCase(one: Case, text: boolean, ground: Ground): Promise<Times> {
  const engines = await engineRivals(one, text);
  await requireSameAnswers(one, text, ground, engines);
  const rivals = [handRival(one, text), ...engines];
  const asked = askedAs(one, text);
  let kept: unknown;
  const here = [...rivals, ...(ground.wasm === undefined ? [] : [ground.wasm])].map(({ name, answer }) => ({
    name,
    perRound: roundsOf(asked, answer),
    run: () => {
      for (const input of asked) kept = answer(input);
    },
  }));
  const times = new Map<string, number[]>();
  const add = (name: string, nanos: number): void => {
    const known = times.get(name);
    if (known === undefined) times.set(name, [nanos]);
    else known.push(nanos);
  };
  const handle = (await ground.oracle?.prepare(question(one))) ?? {};
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const spreads = await compare(here, { rounds: ROUNDS, perRound: 1, warmUp: repeat === 0 ? 20 : 1 });
    for (const [name, { median }] of spreads) add(name, (median * 1000) / asked.length);
    if (ground.oracle !== undefined) {
      const nanos = await ground.oracle.measure({ ...handle, inputs: one.inputs, text, millis: OPA_MILLIS });
      add(OPA, spreadOf(nanos).median);
    }
    for (const server of ground.servers) add(server.name, await overRest(server, asked));
  }
  if (kept === undefined) throw new Error('nothing was evaluated');
  return times;
}

/** Rounds of about the same length, whatever an answer takes. */
function roundsOf(asked: readonly unknown[], answer: (input: unknown) => unknown): number {
  const start = performance.now();
  let answers = 0;
  while (performance.now() - start < 5) {
    for (const input of asked) answer(input);
    answers += asked.length;
  }
  return Math.ceil(Math.min(answers / 2, ANSWERS_PER_ROUND) / asked.length);
}

async function overRest(server: Rival, asked: readonly unknown[]): Promise<number> {
  const nanos: number[] = [];
  for (let index = 0; index < REST_QUESTIONS; index++) {
    const start = process.hrtime.bigint();
    await server.answer(asked[index % asked.length]);
    nanos.push(Number(process.hrtime.bigint() - start));
  }
  return spreadOf(nanos).median;
}

/** How many times as long the one takes as the other, repeat by repeat. */
export function ratio(times: Times, above: string, below: string): Spread | undefined {
  const [first, second] = [times.get(above), times.get(below)];
  if (first === undefined || second === undefined) return undefined;
  return spreadOf(first.map((time, index) => time / (second[index] ?? Number.NaN)));
}

/** The times as figures. */
export function timeFigures(label: string, times: Times): Figure[] {
  return [...times].map(([name, nanos]) => {
    const spread = spreadOf(nanos);
    return { name: `${label}: ${name}`, value: spread.median, unit: 'ns', spread };
  });
}
