import type { DecisionRequest } from '@writ/decision';
import { assess, createRegoEngine, loadPolicies } from '@writ/pdp';
import { type Ground, TUTORIAL } from '../first-light/section.ts';
import { TUTORIAL_INPUTS } from '../first-light/tutorial.ts';
import { compare, type Figure, inMilliseconds } from '../measure.ts';
import { type Contender, nativeCall } from './contenders.ts';
import { ask, rawRequest } from './load.ts';

const CALLS = 1_000;
const ROUNDS = 15;
const BATCH_MS_MAX = 20;
const DEADLINE_MS = 10_000;

/** A thousand decisions at once: by policy alone in this process, and with record over HTTP. */
export async function batch(ground: Ground, contenders: readonly Contender[]): Promise<Figure[]> {
  const calls = Array.from({ length: CALLS }, (_, index) =>
    nativeCall(TUTORIAL_INPUTS[index % TUTORIAL_INPUTS.length]!),
  );
  const engine = createRegoEngine();
  ground.cleanup.push(() => engine.close());
  const loaded = await loadPolicies([{ kind: 'path', path: TUTORIAL }], engine);
  if (!loaded.ok) throw new Error('the policy does not load');
  const { set } = loaded;
  const body = rawRequest('/v1/decide', { requests: calls });
  const { target } = contenders.find(({ name }) => name.startsWith('Writ'))!;
  const options = { nowMs: Date.now(), deadlineMs: DEADLINE_MS };
  const times = await compare(
    [
      {
        name: 'policy',
        run: () => Promise.all(calls.map(({ request }) => assess(set, request as DecisionRequest, options))),
      },
      { name: 'record', run: () => ask(target, body) },
    ],
    { rounds: ROUNDS, perRound: 1, warmUp: 5 },
  );
  return [
    {
      name: `batch of ${CALLS} decisions without record, in process`,
      ...inMilliseconds(times.get('policy')),
      goal: { atMost: BATCH_MS_MAX },
    },
    {
      name: `batch of ${CALLS} decisions with record, POST /v1/decide`,
      ...inMilliseconds(times.get('record')),
    },
  ];
}
