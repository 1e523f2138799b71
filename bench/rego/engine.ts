import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  compilePolicy,
  fromJson,
  type JsonObject,
  type ModuleSource,
  type Policy,
  type PreparedQuery,
  toParsed,
  type Value,
} from '@writ/rego';
import type { LoadedPolicy } from '@writ/rego/runtime';
import { REPOSITORY } from '../first-light/section.ts';
import type { Case } from './cases.ts';
import type { Rival } from './rivals.ts';

/** Back ends that are asked for by name; compiled ahead of time comes beside them. */
const BACKENDS = ['closures', 'generated'] as const;
type Backend = (typeof BACKENDS)[number];
/** Inside the repository, so that modules find the runtime. */
const CACHE = join(REPOSITORY, 'node_modules/.cache/writ');

export function sourcesOf({ modules }: Case): readonly ModuleSource[] {
  return Object.entries(modules).map(([file, text]) => ({ file, text }));
}

type Answer = (input: Value | undefined) => Value;
type Evaluable = Pick<PreparedQuery, 'evaluate'>;

function answering(query: Evaluable): Answer {
  return (input) => {
    const result = query.evaluate(input);
    if (result.kind !== 'value') throw new Error(`the policy is ${result.kind}`);
    return result.value;
  };
}

function compiled(one: Case, backend: Backend): Policy {
  const data = one.data as JsonObject;
  const { policy, diagnostics } = compilePolicy(sourcesOf(one), { data, backend });
  if (policy === undefined) throw new Error(JSON.stringify(diagnostics));
  return policy;
}

/** The policy compiled into a module, loaded from its file as a program does. */
async function aheadOfTime(one: Case): Promise<Answer> {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'bench-'));
  try {
    const path = join(folder, 'policy.mjs');
    writeFileSync(path, compiled(one, 'generated').writeModule().text!);
    const { policy } = (await import(pathToFileURL(path).href)) as { readonly policy: LoadedPolicy };
    return answering(policy.prepare(one.path));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What is compared: sets as sorted arrays. */
export function plain(answer: unknown): unknown {
  return toParsed(answer as Value);
}

/** The engine on each back end, asked with parsed input or, with `text`, with JSON text. */
export async function engineRivals(one: Case, text: boolean): Promise<readonly Rival[]> {
  const answers: [name: string, answer: Answer][] = BACKENDS.map((name) => [
    name,
    answering(compiled(one, name).prepare(one.path)),
  ]);
  answers.push(['ahead of time', await aheadOfTime(one)]);
  return answers.map(([name, answer]) => {
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
