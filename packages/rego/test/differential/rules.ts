import type { Kind } from './kind.ts';
import { objectOf, setOf } from './kind.ts';
import type { Piece } from './piece.ts';
import { list, piece, textOf } from './piece.ts';
import type { KnownRule, Scope } from './scope.ts';
import { inner } from './scope.ts';
import { braced, writeBody } from './statements.ts';
import { anyKind, leaf, literal, term } from './terms.ts';

/** All definitions of one rule, and what later rules may know of it. */
export interface WrittenRule {
  readonly pieces: readonly Piece[];
  readonly known: KnownRule;
}

type Writer = (scope: Scope, name: string) => WrittenRule;

/** Writes the definitions of one rule of any sort. */
export function writeRule(scope: Scope, name: string): WrittenRule {
  return scope.random.weighted<WrittenRule>([
    [4, () => complete(scope, name)],
    [3, () => partialSet(scope, name)],
    [3, () => partialObject(scope, name)],
    [2, () => generalRef(scope, name)],
    [3, () => definedFunction(scope, name)],
  ]);
}

/** A rule's own scope: nothing declared. */
function ruleScope(scope: Scope): Scope {
  return { ...scope, variables: [], unused: [] };
}

function known(scope: Scope, name: string, shape: KnownRule['shape'], kind: Kind, arity = 0): KnownRule {
  return { name, packagePath: scope.packagePath, shape, kind, arity };
}

/** `if body`, in the words of the dialect. */
function withBody(scope: Scope, body: Piece): Piece {
  const { random, dialect } = scope;
  if (dialect === 'v0') return piece('part', '', ' ', braced(body));
  const isOne = body.parts.length === 1 && !textOf(body).includes(';');
  if (isOne && random.chance(0.4)) return piece('part', '', ' if ', body);
  return piece('part', '', ' if ', braced(body));
}

function rule(name: string, label: string, ...parts: readonly (string | Piece)[]): Piece {
  return { ...piece('rule', label, ...parts), name };
}

/** The value of a rule's head; with few terms inside, because a head cannot be reordered. */
function headValue(scope: Scope, kind: Kind): Piece {
  return term({ ...scope, depth: Math.min(1, scope.depth), iterates: scope.random.chance(0.3) }, kind);
}

const complete: Writer = (scope, name) => {
  const { random } = scope;
  const kind = random.chance(0.25) ? 'boolean' : anyKind(scope);
  const pieces: Piece[] = [];
  if (random.chance(0.35)) pieces.push(rule(name, 'default', `default ${name} := `, literal(scope, kind)));
  const hasOne = random.chance(0.6);
  const constant = literal(scope, kind);
  for (let at = random.between(1, hasOne ? 1 : 3); at > 0; at--) {
    // Several definitions mostly give one value: others would conflict.
    const within = ruleScope(scope);
    const body = writeBody(within);
    const value = hasOne ? headValue(within, kind) : random.chance(0.85) ? constant : headValue(within, kind);
    if (kind === 'boolean' && random.chance(0.5)) {
      pieces.push(rule(name, 'rule without value', name, withBody(scope, body), ...elses(scope, kind)));
    } else if (random.chance(0.12)) {
      pieces.push(rule(name, 'rule without body', name, ' := ', literal(scope, kind)));
    } else {
      const operator = scope.dialect === 'v0' || random.chance(0.2) ? ' = ' : ' := ';
      pieces.push(
        rule(name, 'complete rule', name, operator, value, withBody(scope, body), ...elses(scope, kind)),
      );
    }
  }
  if (scope.dialect === 'v0' && random.chance(0.15)) {
    const [first, second] = [writeBody(ruleScope(scope)), writeBody(ruleScope(scope))];
    pieces.splice(
      0,
      pieces.length,
      rule(name, 'chained bodies', name, ' ', braced(first), ' ', braced(second)),
    );
    return { pieces, known: known(scope, name, 'complete', 'boolean') };
  }
  return { pieces, known: known(scope, name, 'complete', kind) };
};

function elses(scope: Scope, kind: Kind, given: Scope['variables'] = []): readonly Piece[] {
  const { random } = scope;
  if (!random.chance(0.2)) return [];
  const branches = random.times(1, 2, () => {
    const within = { ...scope, variables: [...given], unused: [] };
    const body = writeBody(within);
    const operator = scope.dialect === 'v0' ? ' = ' : ' := ';
    return piece('part', 'else', ' else', operator, headValue(within, kind), withBody(scope, body));
  });
  if (random.chance(0.3)) {
    branches.push(
      piece(
        'part',
        'else without body',
        scope.dialect === 'v0' ? ' else = ' : ' else := ',
        literal(scope, kind),
      ),
    );
  }
  return [list(branches, '')];
}

const partialSet: Writer = (scope, name) => {
  const { random } = scope;
  const kind = anyKind(scope);
  const pieces = random.times(1, 3, () => {
    const within = ruleScope(scope);
    const body = writeBody(within);
    const member = headValue(within, kind);
    if (scope.dialect === 'v0') return rule(name, 'partial set', `${name}[`, member, '] ', braced(body));
    if (random.chance(0.15))
      return rule(name, 'member without body', `${name} contains `, literal(scope, kind));
    return rule(name, 'partial set', `${name} contains `, member, withBody(scope, body));
  });
  return { pieces, known: known(scope, name, 'set', setOf(kind)) };
};

/** A key of a partial object: now and then of any kind. */
function headKey(scope: Scope): Piece {
  const usual = { ...scope, depth: 0, iterates: scope.random.chance(0.3) };
  const key = leaf(usual, scope.random.chance(0.8) ? 'string' : anyKind(scope));
  return key;
}

const partialObject: Writer = (scope, name) => {
  const { random } = scope;
  const kind = anyKind(scope);
  const pieces = random.times(1, 2, () => {
    const within = ruleScope(scope);
    const body = writeBody(within);
    const key = headKey(within);
    const value = random.chance(0.5) ? literal(scope, kind) : headValue(within, kind);
    const operator = scope.dialect === 'v0' ? ' = ' : ' := ';
    return rule(name, 'partial object', `${name}[`, key, ']', operator, value, withBody(scope, body));
  });
  return { pieces, known: known(scope, name, 'object', objectOf(kind)) };
};

/** Heads that are longer references. */
const generalRef: Writer = (scope, name) => {
  const { random } = scope;
  const kind = anyKind(scope);
  const shape = random.below(scope.dialect === 'v0' ? 4 : 6);
  const pieces = random.times(1, 3, (at) => {
    const within = ruleScope(scope);
    const body = writeBody(within);
    const operator = scope.dialect === 'v0' ? ' = ' : ' := ';
    const value = (): Piece => (random.chance(0.6) ? literal(scope, kind) : headValue(within, kind));
    const end = [operator, value(), withBody(scope, body)];
    const names = ['a', 'b', 'c'];
    switch (shape) {
      case 0:
        return rule(name, 'ground head', `${name}.${names[at]}.b`, ...end);
      case 1:
        return rule(name, 'head with variable in the middle', `${name}.a[`, headKey(within), '].c', ...end);
      case 2:
        return rule(
          name,
          'head with two variables',
          `${name}[`,
          headKey(within),
          '][',
          headKey(within),
          ']',
          ...end,
        );
      case 3: {
        if (at === 0) return rule(name, 'ground head', `${name}.a`, ...end);
        return rule(name, 'head beside another', `${name}[`, headKey(within), ']', ...end);
      }
      case 4:
        return rule(
          name,
          'set below a head',
          `${name}.a contains `,
          headValue(within, kind),
          withBody(scope, body),
        );
      default:
        return rule(
          name,
          'set below a variable head',
          `${name}[`,
          headKey(within),
          '] contains ',
          headValue(within, kind),
          withBody(scope, body),
        );
    }
  });
  return { pieces, known: known(scope, name, 'nested', 'any') };
};

interface Argument {
  readonly text: string;
  readonly declares: readonly string[];
}

function argument(scope: Scope): Argument {
  const { random, names } = scope;
  return random.weighted<Argument>([
    [8, () => one(names.fresh())],
    [0.7, () => ({ text: '_', declares: [] })],
    [0.7, () => ({ text: random.pick(['1', '"a"', 'true', 'null', '[1, 2]', '{"a": 1}']), declares: [] })],
    [
      0.7,
      () => {
        const [a, b] = [names.fresh(), names.fresh()];
        return { text: `[${a}, ${b}]`, declares: [a, b] };
      },
    ],
    [
      0.7,
      () => {
        const name = names.fresh();
        return { text: random.chance(0.5) ? `{"id": ${name}}` : `{"a": ${name}, "b": _}`, declares: [name] };
      },
    ],
  ]);
}

function one(name: string): Argument {
  return { text: name, declares: [name] };
}

const definedFunction: Writer = (scope, name) => {
  const { random } = scope;
  const arity = random.between(1, 3);
  const kind = anyKind(scope);
  const constant = literal(scope, kind);
  const pieces: Piece[] = [];
  if (scope.dialect !== 'v0' && random.chance(0.25)) {
    const wildcards = Array.from({ length: arity }, () => '_').join(', ');
    pieces.push(rule(name, 'default function', `default ${name}(${wildcards}) := `, constant));
  }
  const hasOne = random.chance(0.6);
  for (let at = random.between(1, hasOne ? 1 : 3); at > 0; at--) {
    const within = ruleScope(scope);
    const args = Array.from({ length: arity }, () => argument(scope));
    for (const each of args.flatMap(({ declares }) => declares))
      within.variables.push({ name: each, kind: 'any' });
    const given = [...within.variables];
    const head = `${name}(${args.map(({ text }) => text).join(', ')})`;
    const body = writeBody(within);
    const value = hasOne || random.chance(0.15) ? headValue({ ...within, iterates: false }, kind) : constant;
    const operator = scope.dialect === 'v0' ? ' = ' : ' := ';
    const label = args.some(({ text, declares }) => declares[0] !== text)
      ? 'function with patterns'
      : 'function';
    if (random.chance(0.2)) {
      const direct = headValue({ ...inner(scope), variables: given, iterates: false }, kind);
      pieces.push(rule(name, 'function without body', head, operator, direct));
    } else if (kind === 'boolean' && random.chance(0.5)) {
      pieces.push(rule(name, 'function without value', head, withBody(scope, body)));
    } else {
      pieces.push(
        rule(name, label, head, operator, value, withBody(scope, body), ...elses(scope, kind, given)),
      );
    }
  }
  return { pieces, known: known(scope, name, 'function', kind, arity) };
};
