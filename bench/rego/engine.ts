import {
  compilePolicy,
  fromJson,
  type JsonObject,
  type ModuleSource,
  toParsed,
  type Value,
} from '@writ/rego';
import type { Case } from './cases.ts';
import type { Rival } from './rivals.ts';

export const BACKENDS = ['closures', 'generated'] as const;
export type Backend = (typeof BACKENDS)[number];

export function sourcesOf({ modules }: Case): readonly ModuleSource[] {
  return Object.entries(modules).map(([file, text]) => ({ file, text }));
}

type Answer = (input: Value | undefined) => Value;

/** The engine on one back end; undefined where the policy has no value is no answer here. */
function answerOn(one: Case, backend: Backend): Answer {
  const data = one.data as JsonObject;
  const { policy, diagnostics } = compilePolicy(sourcesOf(one), { data, backend });
  if (policy === undefined) throw new Error(JSON.stringify(diagnostics));
  const query = policy.prepare(one.path);
  return (input) => {
    const result = query.evaluate(input);
    if (result.kind !== 'value') throw new Error(`the policy is ${result.kind}`);
    return result.value;
  };
}

/** What is compared: sets as sorted arrays. */
export function plain(answer: unknown): unknown {
  return toParsed(answer as Value);
}

/** The engine on each back end, asked with parsed input or, with `text`, with JSON text. */
export function engineRivals(one: Case, text: boolean): readonly Rival[] {
  return BACKENDS.map((name) => {
    const answer = answerOn(one, name);
    return {
      name,
      answer: text
        ? (input: unknown) => answer(fromJson(input as string))
        : (input: unknown) => answer(input as Value),
    };
  });
}

/** The function that a programmer would write in the policy's place. */
export function handRival(one: Case, text: boolean): Rival {
  return {
    name: 'by hand',
    answer: text
      ? (input: unknown) => one.decide(JSON.parse(input as string))
      : (input: unknown) => one.decide(input),
  };
}
