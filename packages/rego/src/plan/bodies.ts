import type {
  CoreBody,
  CoreCallExpression,
  CoreEvery,
  CoreExpression,
  CoreLogical,
  CoreTerm,
  CoreWith,
  Variable,
} from '../analysis/core.ts';
import { findNode } from '../analysis/documents.ts';
import { walkExpressionVariables } from '../analysis/walk.ts';
import { BUILTINS } from '../builtins/index.ts';
import { equal } from '../value/index.ts';
import type { BlockBuilder } from './frame.ts';
import { isComputable, isPattern, planPattern } from './patterns.ts';
import type { NamedSlot, Override, ValueNode } from './plan.ts';
import { mockKey } from './plan.ts';
import { PlanFault, planTerm } from './terms.ts';

/** Plans the expressions of a body, in their order. */
export function planBody(block: BlockBuilder, body: CoreBody): void {
  for (const expression of body) planExpression(block, expression);
}

function planExpression(block: BlockBuilder, expression: CoreExpression): void {
  block.source = expression.source;
  // What an expression was taken apart into has its own part of the names.
  block.variables = namedSlots(block, expression);
  if (expression.with.length === 0) {
    planUnmodified(block, expression);
    return;
  }
  const overrides = expression.with.map((modifier) => planOverride(block, modifier));
  const inner = block.nested();
  planUnmodified(inner, expression);
  block.emit({ op: 'with', overrides, body: inner.statements });
  for (const variable of inner.bound) block.bound.add(variable);
}

const NO_SLOTS: readonly NamedSlot[] = Object.freeze([]);
const OUTSIDE_CLOSURES = { skipClosures: true } as const;

function namedSlots(block: BlockBuilder, expression: CoreExpression): readonly NamedSlot[] {
  // Many expressions hold no variable.
  let named: Map<string, NamedSlot> | undefined;
  const visit = (variable: Variable): void => {
    const { name, origin } = variable;
    if (origin !== 'user') return;
    named ??= new Map();
    named.set(name, { name, slot: block.slots.of(variable) });
  };
  walkExpressionVariables(expression, visit, OUTSIDE_CLOSURES);
  return named === undefined ? NO_SLOTS : [...named.values()];
}

function planUnmodified(block: BlockBuilder, expression: CoreExpression): void {
  if (!expression.negated) {
    planPositive(block, expression);
    return;
  }
  const inner = block.nested();
  planPositive(inner, expression);
  block.emit({ op: 'not', body: inner.statements });
}

function planPositive(block: BlockBuilder, expression: CoreExpression): void {
  switch (expression.kind) {
    case 'test':
      block.test(planTerm(block, expression.term));
      return;
    case 'equal':
      planEquality(block, expression.left, expression.right);
      return;
    case 'call':
      planCall(block, expression);
      return;
    case 'every':
      planEvery(block, expression);
      return;
    case 'logical':
      planLogical(block, expression);
  }
}

/** Pairs that have to be equal, taken in an order in which one side of each is known. */
function planEquality(block: BlockBuilder, left: CoreTerm, right: CoreTerm): void {
  const first = planPair(block, left, right);
  if (first === 'done') return;
  if (first === 'waits') throw new PlanFault('unification without a known side', left.location);
  let waiting = first;
  while (waiting.length > 0) {
    const later: [CoreTerm, CoreTerm][] = [];
    let progress = false;
    for (const [a, b] of waiting) {
      const outcome = planPair(block, a, b);
      if (outcome === 'waits') later.push([a, b]);
      else {
        progress = true;
        if (outcome !== 'done') later.push(...outcome);
      }
    }
    if (!progress) throw new PlanFault('unification without a known side', left.location);
    waiting = later;
  }
}

type PairOutcome = 'done' | 'waits' | [CoreTerm, CoreTerm][];

function planPair(block: BlockBuilder, a: CoreTerm, b: CoreTerm): PairOutcome {
  const aKnown = isComputable(block, a);
  const bKnown = isComputable(block, b);
  if (aKnown && bKnown) {
    planComparison(block, a, b);
    return 'done';
  }
  if (a.kind === 'array' && b.kind === 'array') {
    if (a.items.length !== b.items.length) return planNever(block);
    return a.items.map((item, index) => [item, b.items[index]!]);
  }
  if (a.kind === 'object' && b.kind === 'object') {
    const pairs = pairObjects(a, b);
    if (pairs !== undefined) return pairs;
  }
  if (bKnown && isPattern(block, a)) return planMatch(block, a, b);
  if (aKnown && isPattern(block, b)) return planMatch(block, b, a);
  return 'waits';
}

function planNever(block: BlockBuilder): 'done' {
  block.test({ op: 'constant', value: false });
  return 'done';
}

/** Entries of equal constant keys, where both objects have the same ones. */
function pairObjects(
  a: Extract<CoreTerm, { kind: 'object' }>,
  b: Extract<CoreTerm, { kind: 'object' }>,
): [CoreTerm, CoreTerm][] | undefined {
  if (a.entries.length !== b.entries.length) return undefined;
  const pairs: [CoreTerm, CoreTerm][] = [];
  for (const [key, value] of a.entries) {
    const other = b.entries.find(
      ([otherKey]) =>
        key.kind === 'constant' && otherKey.kind === 'constant' && equal(key.value, otherKey.value),
    );
    if (other === undefined) return undefined;
    pairs.push([value, other[1]]);
  }
  return pairs;
}

function planComparison(block: BlockBuilder, a: CoreTerm, b: CoreTerm): void {
  const left = planTerm(block, a);
  const right = planTerm(block, b);
  block.equal(left, right);
}

function planMatch(block: BlockBuilder, pattern: CoreTerm, value: CoreTerm): 'done' {
  const node = planTerm(block, value);
  planOutput(block, pattern, node);
  return 'done';
}

/** Gives a computed value to a pattern. */
function planOutput(block: BlockBuilder, term: CoreTerm, value: ValueNode): void {
  const pattern = planPattern(block, term);
  if (pattern.op === 'bind') block.assign(pattern.slot, value);
  else if (pattern.op === 'check') block.equal(pattern.value, value);
  else block.emit({ op: 'match', pattern, value });
}

function planCall(block: BlockBuilder, expression: CoreCallExpression): void {
  const arity = block.policy.arityOf(expression.callee) ?? expression.args.length;
  if (isPlainEquality(expression)) {
    planEquality(block, expression.args[0]!, expression.args[1]!);
    return;
  }
  const inputs = planInputs(block, expression.args.slice(0, arity));
  const output = expression.args[arity];
  const { callee } = expression;
  if (callee.kind === 'builtin' && (callee.custom ?? BUILTINS[callee.name])?.answers !== undefined) {
    const pattern = output === undefined ? ({ op: 'any' } as const) : planPattern(block, output);
    block.emit({ op: 'relation', name: callee.name, args: inputs, output: pattern });
    return;
  }
  const value = callNode(block, expression, inputs);
  if (output === undefined) block.test(value);
  else planOutput(block, output, value);
}

/** Plans arguments; those that give variables a value by iterating before those that need it. */
function planInputs(block: BlockBuilder, args: readonly CoreTerm[]): ValueNode[] {
  const inputs: ValueNode[] = new Array(args.length);
  let known = 0;
  for (; known < args.length && isComputable(block, args[known]!); known++) {
    inputs[known] = planTerm(block, args[known]!);
  }
  if (known === args.length) return inputs;
  let left = args.map((_argument, index) => index).slice(known);
  while (left.length > 0) {
    const ready = left.filter((index) => isComputable(block, args[index]!));
    // Where nothing is ready, planning the first one says which variable has no value.
    const next = ready[0] ?? left[0]!;
    inputs[next] = planTerm(block, args[next]!);
    left = left.filter((index) => index !== next);
  }
  return inputs;
}

function isPlainEquality({ callee, args }: CoreCallExpression): boolean {
  return callee.kind === 'builtin' && callee.name === 'equal' && args.length === 2;
}

function callNode(
  block: BlockBuilder,
  { callee, location }: CoreCallExpression,
  args: readonly ValueNode[],
): ValueNode {
  if (callee.kind === 'builtin') {
    const { name, custom } = callee;
    return { op: 'builtin', name, args, location, ...(custom && { custom }) };
  }
  const group = callee.kind === 'function' ? findNode(block.policy.root, callee.path)?.group : undefined;
  const id = group === undefined ? undefined : block.policy.groupIds.get(group);
  if (callee.kind !== 'function' || id === undefined) throw new PlanFault('call of nothing', location);
  if (group?.kind !== 'function') return { op: 'rule', group: id };
  return { op: 'function', group: id, path: callee.path, args, location };
}

function planEvery(block: BlockBuilder, expression: CoreEvery): void {
  const domain = planTerm(block, expression.domain);
  const inner = block.nested();
  inner.bound.add(expression.value);
  if (expression.key !== undefined) inner.bound.add(expression.key);
  planBody(inner, expression.body);
  block.emit({
    op: 'every',
    key: expression.key === undefined ? undefined : block.slots.of(expression.key),
    value: block.slots.of(expression.value),
    domain,
    body: inner.statements,
  });
}

function planLogical(block: BlockBuilder, { operator, operands }: CoreLogical): void {
  const bodies = operands.map(({ body }) => {
    const inner = block.nested();
    planBody(inner, body);
    return inner.statements;
  });
  if (operator === 'or') block.emit({ op: 'holds', bodies });
  else if (operator === 'not') for (const body of bodies) block.emit({ op: 'not', body });
  else for (const body of bodies) block.emit({ op: 'holds', bodies: [body] });
}

function planOverride(block: BlockBuilder, modifier: CoreWith): Override {
  const { target, replacement } = modifier;
  const isCall =
    target.kind === 'builtin' ||
    (target.kind === 'data' && findNode(block.policy.root, target.path)?.group?.kind === 'function');
  if (target.kind === 'input' || (target.kind === 'data' && !isCall)) {
    if (replacement.kind !== 'term') {
      throw new PlanFault('a function cannot replace a document', modifier.location);
    }
    return { target: target.kind, path: target.path, value: planTerm(block, replacement.term) };
  }
  const key = mockKey(target.kind === 'builtin' ? target : { kind: 'function', path: target.path });
  if (replacement.kind === 'term') {
    return { target: 'call', key, replacement: { kind: 'value', value: planTerm(block, replacement.term) } };
  }
  if (replacement.kind === 'builtin') return { target: 'call', key, replacement };
  const group = findNode(block.policy.root, replacement.path)?.group;
  if (group !== undefined) {
    const kind = group.kind === 'function' ? 'function' : 'rule';
    return { target: 'call', key, replacement: { kind, group: block.policy.groupIds.get(group)! } };
  }
  const { location } = modifier;
  const value = planTerm(block, {
    kind: 'ref',
    root: 'data',
    parts: replacement.path.map((step) => ({ kind: 'constant', value: step, location })),
    location,
  });
  return { target: 'call', key, replacement: { kind: 'value', value } };
}
