import type { Builtin } from '../../src/builtins/index.ts';
import type { Value } from '../../src/index.ts';
import { toJson } from '../../src/index.ts';
import { builtinGiving, isJson, isOfType, isUnbounded, literalOf } from './builtin-calls.ts';
import { numberText, PATHS, scalarText, stringValue } from './documents.ts';
import type { Kind } from './kind.ts';
import { arrayOf, fits, kindOf, objectOf, SCALARS, setOf } from './kind.ts';
import type { Piece } from './piece.ts';
import { list, piece } from './piece.ts';
import type { KnownRule, Scope } from './scope.ts';
import { deeper, inner, rulePath, variablesOf } from './scope.ts';

/** A term together with what the type checker takes it for. */
export interface Typed {
  readonly term: Piece;
  readonly kind: Kind;
}

/** Any term at all. */
export function anyTerm(scope: Scope): Typed {
  const kind = anyKind(scope);
  return { term: term(scope, kind), kind };
}

/** A kind at random; of collections, the elements are scalars or anything. */
export function anyKind(scope: Scope): Kind {
  const { random } = scope;
  return random.weighted<Kind>([
    [4, () => 'number'],
    [4, () => 'string'],
    [2, () => 'boolean'],
    [0.5, () => 'null'],
    [3, () => 'any'],
    [2, () => arrayOf(elementKind(scope))],
    [1.5, () => setOf(elementKind(scope))],
    [1.5, () => objectOf(elementKind(scope))],
  ]);
}

function elementKind(scope: Scope): Kind {
  return scope.random.weighted<Kind>([
    [3, () => 'number'],
    [3, () => 'string'],
    [2, () => 'any'],
  ]);
}

/** A term that the type checker lets stand for a kind. */
export function term(scope: Scope, kind: Kind): Piece {
  const { random } = scope;
  if (scope.depth <= 0) return leaf(scope, kind);
  return random.weighted<Piece>([
    [5, () => leaf(scope, kind)],
    [2, () => composite(scope, kind)],
    [2, () => builtinCall(scope, kind)],
    [1.5, () => functionCall(scope, kind) ?? leaf(scope, kind)],
    [1.5, () => ruleReference(scope, kind) ?? leaf(scope, kind)],
    [0.3, () => piece('term', 'parentheses', '(', term(deeper(scope), kind), ')')],
    [0.4, () => (kind === 'any' ? stepOfTerm(scope) : leaf(scope, kind))],
    [0.3, () => (kind === 'number' ? bareArithmetic(scope) : leaf(scope, kind))],
  ]);
}

/** A step into what is no document: a literal, a comprehension or what a call gives. */
function stepOfTerm(scope: Scope): Piece {
  const { random } = scope;
  const within = deeper(scope);
  const steps = random.pick(['[0]', '[1]', '.a', '["b"]', '[_]', '.a.b']);
  const reached = scope.iterates ? steps : steps.replace('[_]', '[0]');
  return random.weighted<Piece>([
    [
      1,
      () =>
        piece(
          'term',
          'step of array',
          '[',
          list([anyTerm(within).term, anyTerm(within).term], ', ', 2),
          ']',
          reached,
        ),
    ],
    [
      1,
      () =>
        piece(
          'term',
          'step of object',
          '{"a": ',
          anyTerm(within).term,
          ', "b": ',
          anyTerm(within).term,
          '}',
          reached,
        ),
    ],
    [
      1,
      () =>
        piece(
          'term',
          'step of comprehension',
          comprehension(within, random.pick(['array', 'object'] as const), 'any'),
          reached,
        ),
    ],
    [
      1,
      () => piece('term', 'step of call', functionCall(within, 'any') ?? builtinCall(within, 'any'), reached),
    ],
  ]);
}

/** Operators without parentheses: what binds closer is the parser's business. */
function bareArithmetic(scope: Scope): Piece {
  const within = deeper(scope);
  const operators = ['+', '-', '*', '/', '%'];
  const [first, second] = [scope.random.pick(operators), scope.random.pick(operators)];
  return piece(
    'term',
    'precedence',
    '(',
    leaf(within, 'number'),
    ` ${first} `,
    leaf(within, 'number'),
    ` ${second} `,
    leaf(within, 'number'),
    ')',
  );
}

/** A term without terms inside. */
export function leaf(scope: Scope, kind: Kind): Piece {
  const { random } = scope;
  const variables = variablesOf(scope, kind);
  return random.weighted<Piece>([
    [variables.length > 0 ? 5 : 0, () => piece('term', 'variable', random.pick(variables).name)],
    [4, () => documentReference(scope, kind)],
    [2, () => literal(scope, kind)],
  ]);
}

export function literal(scope: Scope, kind: Kind): Piece {
  const { random } = scope;
  if (typeof kind !== 'string') {
    const items = random.times(0, 3, () => literal(scope, kind.of));
    return collection(scope, kind.shape, items);
  }
  switch (kind) {
    case 'number':
      return piece('term', 'number', numberText(random));
    case 'string':
      return stringLiteral(scope);
    case 'boolean':
      return piece('term', 'boolean', random.pick(['true', 'false']));
    case 'null':
      return piece('term', 'null', 'null');
    case 'any':
    case 'opaque':
      return piece('term', 'scalar', scalarText(random));
  }
}

function stringLiteral({ random }: Scope): Piece {
  const value = stringValue(random);
  if (random.chance(0.1) && !/[`\p{Cc}]/u.test(value)) return piece('term', 'raw string', `\`${value}\``);
  return piece('term', 'string', JSON.stringify(value));
}

function collection({ random }: Scope, shape: 'array' | 'set' | 'object', items: readonly Piece[]): Piece {
  switch (shape) {
    case 'array':
      return piece('term', 'array', '[', list(items, ', '), ']');
    case 'set':
      return items.length === 0
        ? piece('term', 'empty set', 'set()')
        : piece('term', 'set', '{', list(items, ', ', 1), '}');
    case 'object': {
      const entries = items.map((item) =>
        piece('part', 'entry', JSON.stringify(random.pick(['a', 'b', 'c', 'ä'])), ': ', item),
      );
      return piece('term', 'object', '{', list(entries, ', '), '}');
    }
  }
}

/** A reference into the input or base data: mostly where a value of the kind usually lies. */
export function documentReference(scope: Scope, kind: Kind): Piece {
  const { random } = scope;
  const fitting = PATHS.filter((path) => kind === 'any' || (path.kind !== 'any' && fits(path.kind, kind)));
  const path = fitting.length > 0 && random.chance(0.95) ? random.pick(fitting) : random.pick(PATHS);
  const alias = scope.imports.find((one) => one.path === `input${firstStep(path.steps)}`);
  if (alias !== undefined && random.chance(0.5)) {
    return piece('term', 'import', alias.alias, path.steps.slice(firstStep(path.steps).length));
  }
  if (random.chance(0.02)) return piece('term', 'input', 'input');
  if (random.chance(0.15)) return variableStep(scope, path.steps);
  const root = random.chance(0.6) ? 'input' : 'data.d';
  return piece('term', root === 'input' ? 'input' : 'base data', root, path.steps);
}

function firstStep(steps: string): string {
  return /^\.[a-z]+/.exec(steps)?.[0] ?? '';
}

/** The last step of a path by a variable, a wildcard or a term. */
function variableStep(scope: Scope, steps: string): Piece {
  const { random } = scope;
  const root = random.chance(0.6) ? 'input' : 'data.d';
  const kept = random.pick([steps, '.l', '.w', '.o', '.p', '.u', '']);
  const variables = variablesOf(scope, 'any');
  if (scope.iterates && random.chance(0.4)) return piece('term', 'wildcard', root, kept, '[_]');
  if (variables.length > 0 && random.chance(0.6)) {
    return piece('term', 'variable step', root, kept, '[', random.pick(variables).name, ']');
  }
  const step = leaf({ ...deeper(scope), iterates: false }, random.pick(['string', 'number'] as const));
  return piece('term', 'computed step', root, kept, '[', step, ']');
}

function composite(scope: Scope, kind: Kind): Piece {
  const { random } = scope;
  const within = deeper(scope);
  if (typeof kind !== 'string') {
    return random.weighted<Piece>([
      [
        2,
        () =>
          collection(
            scope,
            kind.shape,
            random.times(0, 3, () => term(within, kind.of)),
          ),
      ],
      [2, () => comprehension(scope, kind.shape, kind.of)],
      [kind.shape === 'set' ? 1.5 : 0, () => infix(within, ['&', '|', '-'], kind)],
      [kind.shape === 'object' ? 0.4 : 0, () => oddKeys(within, kind.of)],
    ]);
  }
  switch (kind) {
    case 'number':
      return infix(within, ['+', '-', '*', '/', '%'], 'number');
    case 'string':
      return /^v[12]$/.test(scope.dialect) && random.chance(0.5) ? template(scope) : leaf(scope, kind);
    case 'boolean':
      return random.weighted<Piece>([
        [2, () => comparison(within)],
        [scope.dialect === 'v0' ? 0 : 2, () => piece('term', 'parentheses', '(', membership(within), ')')],
      ]);
    case 'any':
      return composite(scope, arrayOf('any'));
    default:
      return leaf(scope, kind);
  }
}

function infix(scope: Scope, operators: readonly string[], kind: Kind): Piece {
  const operator = scope.random.pick(operators);
  return piece('term', `infix ${operator}`, '(', term(scope, kind), ` ${operator} `, term(scope, kind), ')');
}

export function comparison(scope: Scope): Piece {
  const { random } = scope;
  const operator = random.pick(['==', '==', '!=', '<', '<=', '>', '>=']);
  const kind = anyKind(scope);
  return piece('term', `infix ${operator}`, term(scope, kind), ` ${operator} `, term(scope, kind));
}

/** `x in xs` and `k, v in xs`. */
export function membership(scope: Scope): Piece {
  const { random } = scope;
  const of = elementKind(scope);
  const shape = random.pick(['array', 'set', 'object'] as const);
  const collected = term(scope, random.chance(0.3) ? 'any' : { shape, of });
  if (random.chance(0.7)) return piece('term', 'in', term(scope, of), ' in ', collected);
  const key = term(scope, shape === 'array' ? 'number' : 'string');
  return piece('term', 'key in', key, ', ', term(scope, of), ' in ', collected);
}

/** Objects whose keys are no strings. */
function oddKeys(scope: Scope, of: Kind): Piece {
  const entries = scope.random.times(1, 3, () =>
    piece('part', 'entry', leaf(scope, scope.random.pick(SCALARS)), ': ', term(scope, of)),
  );
  return piece('term', 'object of any keys', '{', list(entries, ', '), '}');
}

export function comprehension(scope: Scope, shape: 'array' | 'set' | 'object', of: Kind): Piece {
  const within = inner(scope, { iterates: true });
  const body = within.body(within);
  const head = term({ ...within, depth: Math.min(within.depth, 1) }, of);
  if (shape === 'array') return piece('term', 'array comprehension', '[', head, ' | ', body, ']');
  if (shape === 'set') return piece('term', 'set comprehension', '{', head, ' | ', body, '}');
  const key = leaf(within, scope.random.chance(0.8) ? 'string' : 'any');
  return piece('term', 'object comprehension', '{', key, ': ', head, ' | ', body, '}');
}

function template(scope: Scope): Piece {
  const { random } = scope;
  const raw = random.chance(0.3);
  const quote = raw ? '`' : '"';
  const parts = random.times(1, 4, () => {
    if (random.chance(0.5)) return piece('part', '', random.pick(['a', ' ', 'ä😀', '\\{', '$', '-', '%d']));
    return piece(
      'part',
      'template expression',
      '{',
      templateTerm({ ...deeper(scope), iterates: false }),
      '}',
    );
  });
  return piece('term', raw ? 'raw template string' : 'template string', `$${quote}`, list(parts, ''), quote);
}

/** What stands in a template string may hold no quotes of the same sort; calls and references are enough. */
function templateTerm(scope: Scope): Piece {
  const { random } = scope;
  const variables = variablesOf(scope, 'any');
  if (variables.length > 0 && random.chance(0.6))
    return piece('term', 'variable', random.pick(variables).name);
  return piece(
    'term',
    'input',
    'input',
    random.pick(PATHS.filter(({ steps }) => !steps.includes('"'))).steps,
  );
}

/** A call of a builtin that gives a kind, its operands mostly made for it. */
export function builtinCall(scope: Scope, kind: Kind): Piece {
  const isAllowed = ({ deprecated }: Builtin) => deprecated !== true || scope.dialect === 'v0';
  const builtin = builtinGiving(scope.random, kind, isAllowed);
  if (!fits(kindOf(builtin.result!), kind)) return leaf(scope, kind);
  return callOf(scope, builtin);
}

export function callOf(scope: Scope, builtin: Builtin): Piece {
  return piece(
    'term',
    `builtin ${builtin.name}`,
    `${builtin.name}(`,
    list(operandsOf(scope, builtin), ', ', 99),
    ')',
  );
}

export function operandsOf(scope: Scope, builtin: Builtin): Piece[] {
  const { random } = scope;
  const values = scope.operands.take(builtin);
  const made = random.chance(0.75);
  return builtin.args.map((declared, index) => {
    const kind = kindOf(declared);
    if (!isUnbounded(builtin) && (!made || random.chance(0.1)) && kind !== 'opaque') {
      return term(deeper(scope), kind);
    }
    return operand(scope, values[index]!, isOfType(values[index]!, declared));
  });
}

/** A made operand: written out where its type is as declared, else held by the input, where no type is seen. */
function operand(scope: Scope, value: Value, isDeclared: boolean): Piece {
  const isLong = toJson(value).length > 60;
  if (isDeclared && !isLong) return piece('term', 'operand', literalOf(value));
  if (isJson(value)) return piece('term', 'held operand', `input.${scope.held.hold(toJson(value))}`);
  return piece('term', 'operand', isDeclared ? literalOf(value) : 'input.none');
}

/** A call of one of the program's own functions. */
export function functionCall(scope: Scope, kind: Kind): Piece | undefined {
  const functions = scope.rules.filter((rule) => rule.shape === 'function' && fits(rule.kind, kind));
  if (functions.length === 0) return undefined;
  const called = scope.random.pick(functions);
  const args = Array.from({ length: called.arity }, () => anyTerm(deeper(scope)).term);
  return piece('term', 'function call', `${rulePath(scope, called)}(`, list(args, ', ', 99), ')');
}

const STEPS_INTO = ['.a', '.b', '["a"]', '[0]', '[1]', '["ä"]', '.c.a'];

/** A reference to an earlier rule: whole, to a part of it, or through a package by a variable. */
export function ruleReference(scope: Scope, kind: Kind): Piece | undefined {
  const { random } = scope;
  const rules = scope.rules.filter((rule) => rule.shape !== 'function');
  if (rules.length === 0) return undefined;
  const whole = rules.filter((rule) => fits(rule.kind, kind));
  if (whole.length > 0 && random.chance(0.6)) {
    const rule = random.pick(whole);
    return piece('term', `reference to ${rule.shape}`, rulePath(scope, rule));
  }
  if (kind !== 'any') return undefined;
  return stepInto(scope, random.pick(rules));
}

function stepInto(scope: Scope, rule: KnownRule): Piece {
  const { random } = scope;
  const path = rulePath(scope, rule);
  const variables = variablesOf(scope, 'any');
  if (rule.packagePath !== scope.packagePath && random.chance(0.15) && variables.length > 0) {
    const name = random.pick(variables).name;
    return piece('term', 'package by variable', `data.${rule.packagePath}[${name}]`);
  }
  if (typeof rule.kind === 'string' && rule.kind !== 'any')
    return piece('term', `reference to ${rule.shape}`, path);
  return random.weighted<Piece>([
    [scope.iterates ? 2 : 0, () => piece('term', `any of ${rule.shape}`, path, '[_]')],
    [2, () => piece('term', `part of ${rule.shape}`, path, random.pick(STEPS_INTO))],
    [
      variables.length > 0 ? 2 : 0,
      () => piece('term', `part of ${rule.shape} by variable`, path, `[${random.pick(variables).name}]`),
    ],
    [1, () => piece('term', `part of ${rule.shape} by term`, path, '[', leaf(deeper(scope), 'string'), ']')],
  ]);
}
