import type { CoreComprehension, CoreRef, CoreTerm, Variable } from '../analysis/core.ts';
import type { RuleGroup } from '../analysis/documents.ts';
import { dataPath } from '../analysis/term-text.ts';
import { isPosition } from '../runtime/collections.ts';
import { makeObject, RegoSet } from '../value/index.ts';
import type { Value } from '../value/value.ts';
import type { BlockBuilder } from './frame.ts';
import type { ValueNode } from './plan.ts';

/** Something that the planner cannot do; analysis should have refused it. */
export class PlanFault extends Error {
  readonly at: CoreTerm['location'];

  constructor(message: string, at: CoreTerm['location']) {
    super(message);
    this.name = 'PlanFault';
    this.at = at;
  }
}

/** Whether every variable outside of closures has a value. */
export function isBound(term: CoreTerm, bound: ReadonlySet<Variable>): boolean {
  switch (term.kind) {
    case 'constant':
    case 'comprehension':
      return true;
    case 'variable':
      return bound.has(term.variable);
    case 'ref':
      return (typeof term.root === 'string' || isBound(term.root, bound)) && areBound(term.parts, bound);
    case 'array':
    case 'set':
      return areBound(term.items, bound);
    case 'object':
      return term.entries.every(([key, value]) => isBound(key, bound) && isBound(value, bound));
    case 'call':
      return areBound(term.args, bound);
  }
}

function areBound(terms: readonly CoreTerm[], bound: ReadonlySet<Variable>): boolean {
  for (let index = 0; index < terms.length; index++) if (!isBound(terms[index]!, bound)) return false;
  return true;
}

/** Plans the computation of a term; where it iterates, the scan is emitted before. */
export function planTerm(block: BlockBuilder, term: CoreTerm): ValueNode {
  switch (term.kind) {
    case 'constant':
      return { op: 'constant', value: term.value };
    case 'variable':
      if (!block.bound.has(term.variable)) {
        throw new PlanFault(`var ${term.variable.name} has no value here`, term.location);
      }
      return { op: 'slot', slot: block.slots.of(term.variable) };
    case 'ref':
      return planRef(block, term);
    case 'array':
    case 'set':
      return foldItems(
        term.kind,
        term.items.map((item) => planTerm(block, item)),
      );
    case 'object':
      return foldObject(term.entries.map(([key, value]) => [planTerm(block, key), planTerm(block, value)]));
    case 'comprehension':
      return planComprehension(block, term);
    case 'call':
      throw new PlanFault('call left in a term', term.location);
  }
}

function foldItems(op: 'array' | 'set', items: readonly ValueNode[]): ValueNode {
  const values: Value[] = [];
  for (const item of items) {
    if (item.op !== 'constant') return { op, items };
    values.push(item.value);
  }
  return { op: 'constant', value: op === 'array' ? values : RegoSet.from(values) };
}

function foldObject(entries: readonly (readonly [ValueNode, ValueNode])[]): ValueNode {
  const pairs: [Value, Value][] = [];
  for (const [key, value] of entries) {
    if (key.op !== 'constant' || value.op !== 'constant') return { op: 'object', entries };
    pairs.push([key.value, value.value]);
  }
  return { op: 'constant', value: makeObject(pairs) };
}

function planComprehension(block: BlockBuilder, term: CoreComprehension): ValueNode {
  const inner = block.nested();
  block.policy.planBody(inner, term.body);
  inner.source = term.location;
  const key = term.key === undefined ? undefined : planTerm(inner, term.key);
  const value = planTerm(inner, term.term);
  return {
    op: 'comprehension',
    result: term.result,
    slot: block.slots.fresh(),
    body: inner.statements,
    key,
    term: value,
    location: (term.key ?? term).location,
  };
}

function planRef(block: BlockBuilder, ref: CoreRef): ValueNode {
  if (ref.root === 'data') return planDataRef(block, ref.parts, ref);
  if (ref.root === 'input') {
    const path: string[] = [];
    for (const part of ref.parts) {
      if (part.kind !== 'constant' || typeof part.value !== 'string') break;
      path.push(part.value);
    }
    return planSteps(block, { op: 'input', path }, ref.parts.slice(path.length));
  }
  return planSteps(block, planTerm(block, ref.root), ref.parts);
}

/** Follows the steps after a value: a lookup where the step is known, a scan where it is not. */
function planSteps(
  block: BlockBuilder,
  from: ValueNode,
  parts: readonly CoreTerm[],
  stored = false,
): ValueNode {
  let node = from;
  for (const part of parts) {
    if (isStepKnown(block, part)) {
      node = { op: 'lookup', of: node, key: planTerm(block, part), stored };
      continue;
    }
    const slot = block.slots.fresh();
    const key = block.policy.planPattern(block, part);
    block.emit({ op: 'scan', of: node, key, value: { op: 'bind', slot } });
    node = { op: 'slot', slot };
  }
  return node;
}

/** A step that is itself a reference can be computed, whatever stands in it. */
function isStepKnown(block: BlockBuilder, part: CoreTerm): boolean {
  return part.kind === 'ref' || isBound(part, block.bound);
}

function constantName(part: CoreTerm | undefined): string | undefined {
  return part?.kind === 'constant' && typeof part.value === 'string' ? part.value : undefined;
}

function planDataRef(block: BlockBuilder, parts: readonly CoreTerm[], ref: CoreRef): ValueNode {
  let node = block.policy.root;
  const path: string[] = [];
  for (let index = 0; ; index++) {
    if (node.group !== undefined) return planRuleRef(block, node.group, parts.slice(index), ref);
    if (index === parts.length) return { op: 'document', path };
    const part = parts[index]!;
    const name = constantName(part);
    if (name === undefined && part.kind !== 'constant')
      return planDynamicRef(block, path, parts.slice(index));
    const child = name === undefined ? undefined : node.children.get(name);
    if (name === undefined || child === undefined) return planBaseRef(block, path, parts.slice(index));
    node = child;
    path.push(name);
  }
}

function planBaseRef(block: BlockBuilder, above: readonly string[], parts: readonly CoreTerm[]): ValueNode {
  const path = [...above];
  let used = 0;
  for (const part of parts) {
    const name = constantName(part);
    // In the place of an array, what is written as a number is a position.
    if (name === undefined || isPosition(name)) break;
    path.push(name);
    used += 1;
  }
  return planSteps(block, { op: 'base', path }, parts.slice(used), true);
}

function planRuleRef(
  block: BlockBuilder,
  group: RuleGroup,
  parts: readonly CoreTerm[],
  ref: CoreRef,
): ValueNode {
  const id = block.policy.groupIds.get(group)!;
  if (group.kind === 'function') {
    if (group.rules[0]?.args.length === 0) return planSteps(block, { op: 'rule', group: id }, parts);
    throw new PlanFault(`function ${dataPath(group.path)} used as a value`, ref.location);
  }
  const [first, ...rest] = parts;
  if (group.kind === 'complete' || first === undefined || !isStepKnown(block, first)) {
    return planSteps(block, { op: 'rule', group: id }, parts);
  }
  return planSteps(block, { op: 'member', group: id, key: planTerm(block, first) }, rest);
}

/** A step into the tree of rules whose name is known only at run time. */
function planDynamicRef(block: BlockBuilder, path: readonly string[], parts: readonly CoreTerm[]): ValueNode {
  const keys: ValueNode[] = [];
  for (const part of parts) {
    if (isStepKnown(block, part)) {
      keys.push(planTerm(block, part));
      continue;
    }
    const slot = block.slots.fresh();
    block.emit({ op: 'scan-document', path, keys: [...keys], key: { op: 'bind', slot } });
    const pattern = block.policy.planPattern(block, part);
    if (pattern.op !== 'any') block.emit({ op: 'match', pattern, value: { op: 'slot', slot } });
    keys.push({ op: 'slot', slot });
  }
  return { op: 'dynamic', path, keys };
}
