import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compilePolicy, toParsed, type Value } from '@writ/rego';
import { compare } from '../measure.ts';
import { requireSame, type Section, TUTORIAL } from './section.ts';
import { decideByHand, TUTORIAL_INPUTS } from './tutorial.ts';

const ROUNDS = 300;
const PER_ROUND = 20;
/** The function's rounds hold more, so that they take about as long as the engine's. */
const PER_ROUND_HAND = 400;
/** Within this many times the hand-written function's time. */
const RATIO_MAX = 15;

/** The tutorial's policy with parsed input: our engine beside a function written by hand. */
export const evaluation: Section = async () => {
  const text = readFileSync(join(TUTORIAL, 'policy.rego'), 'utf8');
  const { policy, diagnostics } = compilePolicy([{ file: 'policy.rego', text }]);
  if (policy === undefined) throw new Error(JSON.stringify(diagnostics));
  const query = policy.prepare('agent/tools/decision');
  const evaluate = (input: unknown): Value => {
    const result = query.evaluate(input as Value);
    if (result.kind !== 'value') throw new Error(`the policy is ${result.kind}`);
    return result.value;
  };
  for (const input of TUTORIAL_INPUTS)
    requireSame('the engine', toParsed(evaluate(input)), decideByHand(input));

  let kept: unknown;
  const each = (decide: (input: (typeof TUTORIAL_INPUTS)[number]) => unknown) => (): void => {
    for (const input of TUTORIAL_INPUTS) kept = decide(input);
  };
  const times = await compare(
    [
      { name: 'hand', perRound: PER_ROUND_HAND, run: each(decideByHand) },
      { name: 'engine', run: each(evaluate) },
    ],
    { rounds: ROUNDS, perRound: PER_ROUND, warmUp: 100 },
  );
  if (kept === undefined) throw new Error('nothing was evaluated');
  const perDecision = (name: string): number =>
    ((times.get(name)?.median ?? Number.NaN) * 1000) / TUTORIAL_INPUTS.length;
  const [hand, engine] = [perDecision('hand'), perDecision('engine')];
  return {
    figures: [
      { name: 'policy, parsed input: function written by hand', value: hand, unit: 'ns' },
      { name: 'policy, parsed input: the engine', value: engine, unit: 'ns' },
      { name: 'policy: engine / hand-written', value: engine / hand, unit: 'x', goal: { atMost: RATIO_MAX } },
    ],
    leftOut: [],
  };
};
