import type { PartialRule, SingleRule } from '../eval/backend.ts';
import { isWorthKeeping } from '../eval/groups.ts';
import type { GroupPlan, RulePlan } from '../plan/plan.ts';
import type { Code } from './code.ts';
import { code, join, nameOf } from './code.ts';
import type { GeneratedPolicy } from './emitter.ts';
import { Emitter } from './emitter.ts';
import type { GeneratedGroup } from './groups.ts';
import { emitDirectGroup } from './groups.ts';
import { emitPartialRule, emitSingleRule } from './rules.ts';
import { RUNTIME, RUNTIME_HEADER } from './runtime-names.ts';
import { emitStatements } from './statements.ts';

const NEWLINE = code`\n`;
const COMMA = code`, `;

/** Source of a chunk, and the values that it takes as its parameter `constants`. */
export interface ChunkSource {
  readonly text: string;
  readonly constants: readonly unknown[];
}

/** Puts the functions of an emitter together into the body of one function, which gives an array of `results`. */
function sourceOf(emitter: Emitter, results: readonly Code[]): ChunkSource {
  const { constants } = emitter;
  const names = constants.map((_constant, index) => nameOf('constant', index));
  const parts = [
    code`"use strict";`,
    RUNTIME_HEADER,
    ...(names.length > 0 ? [code`const [${join(names, COMMA)}] = constants;`] : []),
    ...emitter.functions(),
    code`return [${join(results, COMMA)}];`,
  ];
  return { text: join(parts, NEWLINE).toString(), constants };
}

/** Runs a chunk's source, which makes its functions. */
function load({ text, constants }: ChunkSource): unknown[] {
  // The text is made of fragments of this program and quoted primitives alone: see `code.ts`.
  const make = new Function('runtime', 'constants', text) as (...parameters: unknown[]) => unknown[];
  return make(RUNTIME, constants);
}

/** Writes groups whose functions call each other by name. */
export function directGroupsSource(policy: GeneratedPolicy, groups: readonly GroupPlan[]): ChunkSource {
  const emitter = new Emitter(policy, new Set(groups.map(({ id }) => id)), emitStatements);
  for (const group of groups) emitDirectGroup(emitter, group, isWorthKeeping(group));
  const results = groups.map(({ id, kind }) => {
    const call = kind === 'function' ? code`call: ${nameOf('call', id)}` : code`call: undefined`;
    return code`{ value: ${nameOf('value', id)}, ${call} }`;
  });
  return sourceOf(emitter, results);
}

export function loadDirectGroups(
  policy: GeneratedPolicy,
  groups: readonly GroupPlan[],
): readonly GeneratedGroup[] {
  return load(directGroupsSource(policy, groups)) as GeneratedGroup[];
}

/** Writes a rule that an index chooses. */
export function singleRuleSource(policy: GeneratedPolicy, group: GroupPlan, rule: RulePlan): ChunkSource {
  const emitter = new Emitter(policy, new Set(), emitStatements);
  const args = Array.from({ length: group.arity }, (_none, index) => nameOf('argument', index));
  const name = nameOf('rule', 0);
  emitter.write(code`function ${name}(run, args) {`);
  if (args.length > 0) emitter.write(code`const [${join(args, COMMA)}] = args;`);
  emitSingleRule(emitter, group, rule, args, (value) => emitter.write(code`return ${value};`));
  emitter.write(code`return undefined;`);
  emitter.write(code`}`);
  emitter.finishFunction();
  return sourceOf(emitter, [name]);
}

export function loadSingleRule(policy: GeneratedPolicy, group: GroupPlan, rule: RulePlan): SingleRule {
  return load(singleRuleSource(policy, group, rule))[0] as SingleRule;
}

/** Writes a rule of a partial set or object; with `keyed` for one key of it. */
export function partialRuleSource(policy: GeneratedPolicy, rule: RulePlan, keyed: boolean): ChunkSource {
  const emitter = new Emitter(policy, new Set(), emitStatements);
  const name = nameOf(keyed ? 'keyed' : 'rule', 0);
  emitPartialRule(emitter, name, rule, keyed);
  emitter.finishFunction();
  return sourceOf(emitter, [name]);
}

export function loadPartialRule(policy: GeneratedPolicy, rule: RulePlan, keyed: boolean): PartialRule {
  return load(partialRuleSource(policy, rule, keyed))[0] as PartialRule;
}
