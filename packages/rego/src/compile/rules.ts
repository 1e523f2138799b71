import { partialMemberBytes } from '../plan/member-bytes.ts';
import type { BranchPlan, GroupPlan, QueryPlan, RulePlan } from '../plan/plan.ts';
import { FIRST_SLOT, KEY_SLOT } from '../plan/plan.ts';
import type { MatchedRule } from '../runtime/run.ts';
import type { Value } from '../value/value.ts';
import type { Code } from './code.ts';
import { code, join, nameOf } from './code.ts';
import type { Emitter } from './emitter.ts';
import { emitPattern } from './patterns.ts';
import { emitStatements } from './statements.ts';
import { emitDefined, emitOptional } from './values.ts';

const COMMA = code`, `;
const NO_KEYS: readonly Value[] = Object.freeze([]);

/** What a rule does with its value: takes it in, and jumps away or goes on. */
export type Take = (value: Code) => void;

/** Ends an evaluation in which rules give different values for one thing. */
export function conflictOf(
  emitter: Emitter,
  group: GroupPlan,
  location: RulePlan['location'],
  args: readonly Code[],
): Code {
  const site = emitter.constant({ kind: 'conflict-site', group: group.id, location });
  return code`refuseConflict(${site}, run, [${join(args, COMMA)}]);`;
}

/**
 * Writes one rule that gives one value: tries its branches in order. Where it has none, the code runs on behind it.
 */
export function emitSingleRule(
  emitter: Emitter,
  group: GroupPlan,
  rule: RulePlan,
  args: readonly Code[],
  take: Take,
): void {
  emitter.write(code`run.rulesEvaluated += 1;`);
  const [first] = rule.branches;
  if (rule.args.length === 0 && first?.body.length === 0 && first.value.op === 'constant') {
    emitMatched(emitter, rule, first, 0);
    take(emitter.value(first.value.value));
    return;
  }
  emitter.write(code`run.count();`);
  const label = emitter.label();
  emitter.write(code`${label}: {`);
  emitSlots(emitter, rule.slots, FIRST_SLOT);
  rule.args.forEach((pattern, index) => {
    emitPattern(emitter, pattern, args[index]!, code`break ${label};`, false);
  });
  for (const [index, branch] of rule.branches.entries()) {
    emitBranch(emitter, group, rule, branch, index, args, take);
  }
  emitter.write(code`}`);
}

function emitBranch(
  emitter: Emitter,
  group: GroupPlan,
  rule: RulePlan,
  branch: BranchPlan,
  index: number,
  args: readonly Code[],
  take: Take,
): void {
  const label = emitter.label();
  if (branch.value.op === 'constant' || !branch.body.some(hasMany)) {
    const { value } = branch;
    emitter.write(code`${label}: {`);
    emitStatements(emitter, branch.body, code`break ${label};`, false, (fail) => {
      const found = emitDefined(emitter, value, fail, false);
      emitMatched(emitter, rule, branch, index);
      take(found);
    });
    emitter.write(code`}`);
    return;
  }
  const found = emitter.temporary();
  emitter.write(code`let ${found};`);
  emitter.write(code`${label}: {`);
  emitStatements(emitter, branch.body, code`break ${label};`, false, (fail) => {
    const value = emitDefined(emitter, branch.value, fail, false);
    emitter.write(code`if (${found} === undefined) ${found} = ${value};`);
    emitter.write(
      code`else if (!equal(${found}, ${value})) ${conflictOf(emitter, group, branch.location, args)}`,
    );
    emitter.write(fail);
  });
  emitter.write(code`}`);
  emitter.write(code`if (${found} !== undefined) {`);
  emitMatched(emitter, rule, branch, index);
  take(found);
  emitter.write(code`}`);
}

const MANY: ReadonlySet<string> = new Set(['scan', 'scan-document', 'relation', 'with']);

/** Whether a statement can be followed by several answers. */
export function hasMany({ op }: { readonly op: string }): boolean {
  return MANY.has(op);
}

function emitMatched(emitter: Emitter, rule: RulePlan, branch: BranchPlan, index: number): void {
  const { path, file } = rule;
  const record: MatchedRule = { path, file, row: index === 0 ? rule.row : branch.location.row };
  emitter.write(code`if (run.matched !== undefined) run.matched.push(${emitter.data(record)});`);
}

/** Declares the variables of a rule. */
function emitSlots(emitter: Emitter, count: number, from: number): void {
  const names: Code[] = [];
  for (let slot = from; slot < count; slot++) names.push(nameOf('slot', slot));
  if (names.length > 0) emitter.write(code`let ${join(names, COMMA)};`);
}

/**
 * Writes one rule of a partial group as a function: hands each answer of its body to a collector. With `keyed` the
 * first key is known.
 */
export function emitPartialRule(
  emitter: Emitter,
  name: Code,
  group: GroupPlan,
  position: number,
  keyed: boolean,
): void {
  const rule = group.rules[position]!;
  const variant = keyed ? rule.keyed!() : rule;
  const branch = variant.branches[0]!;
  const record: MatchedRule = { path: rule.path, file: rule.file, row: rule.row };
  const search = emitter.label();
  const self = emitter.constant({ kind: 'rule-plan', group: group.id, position });
  emitter.write(code`function ${name}(run, collector, ${nameOf('slot', KEY_SLOT)}) {`);
  emitter.write(code`run.rulesEvaluated += 1;`);
  emitter.write(code`run.count();`);
  emitSlots(emitter, variant.slots, FIRST_SLOT);
  emitter.write(code`let answered = false;`);
  emitter.write(code`${search}: {`);
  emitStatements(emitter, branch.body, code`break ${search};`, false, (fail) => {
    const keys = emitKeys(emitter, branch);
    const value = emitOptional(emitter, branch.value, false);
    emitter.write(code`if (${keys} === undefined || ${value} === undefined) ${fail}`);
    emitter.write(code`run.allocate(${partialMemberBytes(branch!.value)});`);
    emitter.write(code`answered = true;`);
    emitter.write(code`if (collector(${keys}, ${value}, ${self})) break ${search};`);
    emitter.write(fail);
  });
  emitter.write(code`}`);
  emitter.write(code`if (answered && run.matched !== undefined) run.matched.push(${emitter.data(record)});`);
  emitter.write(code`}`);
}

/** Computes the keys; the value is computed after them even where one of them has none. */
function emitKeys(emitter: Emitter, branch: BranchPlan): Code {
  if (branch.keys.length === 0) return emitter.data(NO_KEYS);
  const keys = emitter.temporary();
  const label = emitter.label();
  emitter.write(code`let ${keys};`);
  emitter.write(code`${label}: {`);
  const names = branch.keys.map((key) => emitDefined(emitter, key, code`break ${label};`, false));
  emitter.write(code`${keys} = [${join(names, COMMA)}];`);
  emitter.write(code`}`);
  return keys;
}

/**
 * Writes a query as a function: for each answer the values of its variables go into the frame, and the step that
 * takes them is called.
 */
export function emitQuery(emitter: Emitter, name: Code, { body, slots, variables }: QueryPlan): void {
  const search = emitter.label();
  emitter.write(code`function ${name}(run, frame, next) {`);
  emitSlots(emitter, slots, FIRST_SLOT);
  emitter.write(code`${search}: {`);
  emitStatements(emitter, body, code`break ${search};`, true, (fail) => {
    for (const { slot } of variables) emitter.write(code`frame[${slot}] = ${nameOf('slot', slot)};`);
    emitter.write(code`if (next(run, frame)) return true;`);
    emitter.write(fail);
  });
  emitter.write(code`}`);
  emitter.write(code`return false;`);
  emitter.write(code`}`);
}
