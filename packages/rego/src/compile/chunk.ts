import type { GroupPlan, PolicyPlan, QueryPlan, RulePlan } from '../plan/plan.ts';
import type { Code } from './code.ts';
import { code, join, nameOf } from './code.ts';
import type { ConstantSource, GeneratedPolicy } from './constants.ts';
import { makeConstant } from './constants.ts';
import { Emitter } from './emitter.ts';
import { emitDirectGroup } from './groups.ts';
import { emitPartialRule, emitQuery, emitSingleRule } from './rules.ts';
import { RUNTIME, RUNTIME_HEADER } from './runtime-names.ts';
import { emitStatements } from './statements.ts';

const NEWLINE = code`\n`;
const COMMA = code`, `;

/** Source of a chunk: the body of a function that gives an array, and what it takes as its parameter `constants`. */
export interface ChunkSource {
  readonly body: Code;
  readonly constants: readonly ConstantSource[];
}

/** Puts the functions of an emitter together into the body of one function, which gives an array of `results`. */
function sourceOf(emitter: Emitter, results: readonly Code[]): ChunkSource {
  const { constants } = emitter;
  const names = constants.map((_constant, index) => nameOf('constant', index));
  const parts = [
    ...(names.length > 0 ? [code`const [${join(names, COMMA)}] = constants;`] : []),
    ...emitter.functions(),
    code`return [${join(results, COMMA)}];`,
  ];
  return { body: join(parts, NEWLINE), constants };
}

/** All text of a chunk that is made into a function at run time. */
export function chunkText({ body }: ChunkSource): string {
  return join([code`"use strict";`, RUNTIME_HEADER, body], NEWLINE).toString();
}

/** Makes a chunk's text into a function; where JavaScript's parser has not the depth for it, a RangeError ends it. */
export function parseChunk(chunk: ChunkSource): (runtime: unknown, constants: unknown) => unknown[] {
  // The text is made of fragments of this program and quoted primitives alone: see `code.ts`.
  return new Function('runtime', 'constants', chunkText(chunk)) as (
    runtime: unknown,
    constants: unknown,
  ) => unknown[];
}

/** Runs a chunk, which makes its functions. */
export function loadChunk(policy: GeneratedPolicy, chunk: ChunkSource): unknown[] {
  const constants = chunk.constants.map((source) => makeConstant(policy, source));
  return parseChunk(chunk)(RUNTIME, constants);
}

/** Writes groups whose functions call each other by name. */
export function directGroupsSource(plan: PolicyPlan, groups: readonly GroupPlan[]): ChunkSource {
  const emitter = new Emitter(plan, new Set(groups.map(({ id }) => id)), emitStatements);
  for (const group of groups) emitDirectGroup(emitter, group);
  const results = groups.map(({ id, kind }) => {
    const call = kind === 'function' ? code`call: ${nameOf('call', id)}` : code`call: undefined`;
    return code`{ value: ${nameOf('value', id)}, ${call} }`;
  });
  return sourceOf(emitter, results);
}

/** One rule that an index chooses, or of a partial set or object; with `keyed` for one key of it. */
export interface RulePlace {
  readonly group: GroupPlan;
  readonly position: number;
  readonly form: 'single' | 'partial' | 'keyed';
}

/** Writes rules, each a function of its own. */
export function rulesSource(plan: PolicyPlan, places: readonly RulePlace[]): ChunkSource {
  const emitter = new Emitter(plan, new Set(), emitStatements);
  const names = places.map(({ group, position, form }, index) => {
    const name = nameOf('rule', index);
    if (form === 'single') emitRuleFunction(emitter, name, group, group.rules[position]!);
    else emitPartialRule(emitter, name, group, position, form === 'keyed');
    emitter.finishFunction();
    return name;
  });
  return sourceOf(emitter, names);
}

function emitRuleFunction(emitter: Emitter, name: Code, group: GroupPlan, rule: RulePlan): void {
  const args = Array.from({ length: group.arity }, (_none, index) => nameOf('argument', index));
  emitter.write(code`function ${name}(run, args) {`);
  if (args.length > 0) emitter.write(code`const [${join(args, COMMA)}] = args;`);
  emitSingleRule(emitter, group, rule, args, (value) => emitter.write(code`return ${value};`));
  emitter.write(code`return undefined;`);
  emitter.write(code`}`);
}

/** Writes a query. */
export function querySource(plan: PolicyPlan, query: QueryPlan): ChunkSource {
  const emitter = new Emitter(plan, new Set(), emitStatements);
  const name = nameOf('rule', 0);
  emitQuery(emitter, name, query);
  emitter.finishFunction();
  return sourceOf(emitter, [name]);
}
