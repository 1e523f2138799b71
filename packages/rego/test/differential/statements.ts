import { BUILTINS } from '../../src/builtins/index.ts';
import { CALLED } from './builtin-calls.ts';
import { anyJson, PATHS } from './documents.ts';
import type { Kind } from './kind.ts';
import { arrayOf, kindOf } from './kind.ts';
import type { Piece } from './piece.ts';
import { list, piece, textOf } from './piece.ts';
import type { Scope } from './scope.ts';
import { declare, deeper, inner, rulePath } from './scope.ts';
import {
  anyKind,
  anyTerm,
  builtinCall,
  callOf,
  comparison,
  functionCall,
  leaf,
  literal,
  membership,
  operandsOf,
  ruleReference,
  term,
} from './terms.ts';

/** A body: statements, each of which may use what those before it declared. */
export function writeBody(scope: Scope): Piece {
  const most = scope.depth >= 3 ? 4 : scope.depth >= 1 ? 2 : 1;
  const { random } = scope;
  const statements = random.times(1, most, () => statement(scope));
  // What is declared has to stand before its uses; everything else may stand anywhere.
  const isOrdered = statements.some((one) => /:=|\bsome\b/.test(textOf(one)));
  if (random.chance(isOrdered ? 0.01 : 0.4)) statements.reverse();
  if (!random.chance(0.02)) statements.push(...usesOf(scope, statements));
  return list(statements, '; ', 1);
}

/** Statements for variables that are declared and stand nowhere else. */
function usesOf(scope: Scope, statements: readonly Piece[]): Piece[] {
  const text = statements.map(textOf).join(';');
  const idle = scope.unused.filter((name) => [...text.matchAll(new RegExp(`\\b${name}\\b`, 'g'))].length < 2);
  scope.unused.length = 0;
  return idle.map((name) => {
    const operator = scope.random.pick(['!=', '<', '>=', '!=']);
    const other = leaf({ ...deeper(scope), iterates: false }, 'any');
    return piece('statement', 'use', `${name} ${operator} `, other);
  });
}

/** Declares a variable that must be used somewhere. */
function declareUsed(scope: Scope, kind: Kind): string {
  const name = declare(scope, kind);
  scope.unused.push(name);
  return name;
}

/** A body on lines of its own, between braces. */
export function braced(body: Piece): Piece {
  return piece('part', '', '{\n', { ...body, joined: '\n' }, '\n}');
}

export function statement(scope: Scope): Piece {
  const { random } = scope;
  const hasKeywords = scope.dialect !== 'v0';
  const before = { ...scope, variables: [...scope.variables] };
  const chosen = random.weighted<Piece>([
    [5, () => assignment(scope)],
    [hasKeywords ? 4 : 0, () => someIn(scope)],
    [2.5, () => freeIteration(scope)],
    [1.5, () => unification(scope)],
    [3, () => test(scope)],
    [1.5, () => negation(scope)],
    [hasKeywords && scope.depth > 0 ? 1.2 : 0, () => every(scope)],
    [0.6, () => someDeclared(scope)],
    [0.4, () => walk(scope)],
    [0.4, () => callWithOutput(scope)],
    [0.25, () => print(scope)],
    [2.5, () => assignBuiltin(scope)],
    [scope.dialect === 'v2' ? 2.5 : 0, () => logical(scope)],
    [scope.dialect === 'v2' && scope.depth > 0 ? 1.2 : 0, () => negatedBody(scope)],
    [0.3, () => someSeveral(scope)],
  ]);
  // In the bodies inside of a query OPA puts what a `with` holds in place without evaluating it.
  const isInsideQuery = scope.packagePath === '' && scope.depth < 1;
  return random.chance(0.1) && !isInsideQuery ? modified(before, chosen) : chosen;
}

function assignment(scope: Scope): Piece {
  const { random } = scope;
  if (random.chance(0.15)) return destructuring(scope);
  const { term: value, kind } = anyTerm(deeper(scope));
  const name = declare(scope, kind);
  const operator = random.chance(0.7) ? ':=' : '=';
  return piece('statement', operator, name, ` ${operator} `, value);
}

/** One builtin after another, so that all are called. */
function assignBuiltin(scope: Scope): Piece {
  const builtin = scope.random.pick(CALLED);
  if (builtin.result === undefined || (builtin.deprecated && scope.dialect !== 'v0'))
    return assignment(scope);
  const call = callOf(deeper(scope), builtin);
  const name = declare(scope, kindOf(builtin.result));
  return piece('statement', ':=', name, ' := ', call);
}

function destructuring(scope: Scope): Piece {
  const { random } = scope;
  const within = deeper(scope);
  const operator = random.pick([':=', '=']);
  return random.weighted<Piece>([
    [
      2,
      () => {
        const [first, second] = [anyTerm(within), anyTerm(within)];
        const given = piece('term', 'array', '[', list([first.term, second.term], ', ', 2), ']');
        const [a, b] = [declare(scope, first.kind), declare(scope, second.kind)];
        return piece('statement', 'destructuring array', `[${a}, ${b}] ${operator} `, given);
      },
    ],
    [
      1,
      () => {
        const given = leaf(within, 'any');
        const [a, b] = [declare(scope, 'any'), declare(scope, 'any')];
        return piece('statement', 'destructuring array', `[${a}, ${b}] ${operator} `, given);
      },
    ],
    [
      1,
      () => {
        const given = random.chance(0.5) ? 'input.u[0]' : 'data.d.o';
        const [a, b] = [declare(scope, 'any'), declare(scope, 'any')];
        const keys = given === 'data.d.o' ? ['a', 'b'] : ['id', 'n'];
        return piece(
          'statement',
          'destructuring object',
          `{"${keys[0]}": ${a}, "${keys[1]}": ${b}} ${operator} `,
          piece('term', 'input', given),
        );
      },
    ],
    [
      1,
      () => {
        const name = declare(scope, 'any');
        const constant = literal(within, 'any');
        return piece(
          'statement',
          'destructuring with constants',
          `[${name}, `,
          constant,
          '] = ',
          leaf(within, 'any'),
        );
      },
    ],
  ]);
}

/** A collection whose elements are of a kind. */
function domain(scope: Scope): { readonly of: Kind; readonly key: Kind; readonly term: Piece } {
  const { random } = scope;
  const shape = random.pick(['array', 'array', 'set', 'object'] as const);
  const of = random.pick<Kind>(['number', 'string', 'any']);
  const key = shape === 'array' ? 'number' : shape === 'object' ? 'string' : of;
  if (random.chance(0.3)) {
    const path = random.pick(PATHS.filter(({ kind }) => typeof kind !== 'string'));
    return {
      of: 'any',
      key: 'any',
      term: piece('term', 'input', random.pick(['input', 'data.d']), path.steps),
    };
  }
  const kind: Kind = { shape, of };
  const referred = random.chance(0.3) ? ruleReference(scope, kind) : undefined;
  return { of, key, term: referred ?? term(scope, kind) };
}

function someIn(scope: Scope): Piece {
  const { random } = scope;
  const { of, key, term: collected } = domain(deeper(scope));
  return random.weighted<Piece>([
    [5, () => piece('statement', 'some in', 'some ', declareUsed(scope, of), ' in ', collected)],
    [
      3,
      () => {
        const names = `${declareUsed(scope, key)}, ${declareUsed(scope, of)}`;
        return piece('statement', 'some key in', `some ${names} in `, collected);
      },
    ],
    [
      1,
      () =>
        piece('statement', 'some in', 'some [', declareUsed(scope, 'any'), ', _] in ', leaf(scope, 'any')),
    ],
    [
      1,
      () => piece('statement', 'some in object', 'some {"id": ', declareUsed(scope, 'any'), '} in input.u'),
    ],
    [
      1,
      () => {
        const constant = leaf({ ...deeper(scope), iterates: false, imports: [] }, key);
        return piece(
          'statement',
          'some constant key in',
          'some ',
          constant,
          `, ${declareUsed(scope, of)} in `,
          collected,
        );
      },
    ],
  ]);
}

/** `input.l[i]` and the like, where the reference gives the variable its values. */
function freeIteration(scope: Scope): Piece {
  const { random } = scope;
  if (!scope.iterates) return test(scope);
  const root = random.pick(['input', 'data.d']);
  const [path, key] = random.pick<readonly [string, Kind]>([
    ['.l', 'any'],
    ['.w', 'any'],
    ['.o', 'any'],
    ['.p', 'any'],
    ['.u', 'any'],
    ['.x', 'any'],
    ['', 'any'],
  ]);
  const others = scope.rules.filter(({ shape }) => shape !== 'function' && shape !== 'complete');
  const other = others.length > 0 && random.chance(0.4) ? rulePath(scope, random.pick(others)) : undefined;
  const packages = [...new Set(scope.rules.map((rule) => rule.packagePath))].filter(
    (path) => path !== scope.packagePath,
  );
  const whole = packages.length > 0 && random.chance(0.1) ? `data.${random.pick(packages)}` : undefined;
  const from = whole ?? other ?? `${root}${path}`;
  const label =
    whole !== undefined
      ? 'iteration over package'
      : other !== undefined
        ? 'iteration over rule'
        : 'iteration';
  const index = declare(scope, key);
  const ref = piece(
    'term',
    label,
    from,
    `[${index}]`,
    random.chance(0.15) ? `[${declare(scope, 'any')}]` : '',
  );
  if (random.chance(0.4)) return piece('statement', label, ref);
  const value = declare(scope, 'any');
  return piece('statement', label, value, random.chance(0.5) ? ' := ' : ' = ', ref);
}

/** Both sides hold variables. */
function unification(scope: Scope): Piece {
  const within = deeper(scope);
  const [first, second] = [anyTerm(within), anyTerm(within)];
  const [a, b] = [declare(scope, first.kind), declare(scope, second.kind)];
  return piece(
    'statement',
    'two-way unification',
    piece('term', 'array', `[${a}, `, second.term, ']'),
    ' = ',
    piece('term', 'array', '[', first.term, `, ${b}]`),
  );
}

/** A statement that declares nothing. */
function test(scope: Scope): Piece {
  const { random } = scope;
  const within = { ...deeper(scope), iterates: scope.iterates && random.chance(0.5) };
  return random.weighted<Piece>([
    [4, () => piece('statement', 'test', comparison(within))],
    [1, () => equality(within)],
    [2, () => piece('statement', 'test', term(within, 'boolean'))],
    [1.5, () => piece('statement', 'test', term(within, 'any'))],
    [scope.dialect === 'v0' ? 0 : 2, () => piece('statement', 'test', membership(within))],
    [1, () => piece('statement', 'test', functionCall(within, 'any') ?? leaf(within, 'any'))],
    [1, () => piece('statement', 'test', ruleReference(within, 'any') ?? builtinCall(within, 'boolean'))],
  ]);
}

function equality(scope: Scope): Piece {
  const kind = anyKind(scope);
  return piece('statement', '= as test', term(scope, kind), ' = ', term(scope, kind));
}

function negation(scope: Scope): Piece {
  const tested = test(inner(scope, { iterates: false }));
  // OPA drops a body of just `not true` where it adds something to it.
  return piece(
    'statement',
    'not',
    'not ',
    textOf(tested) === 'true' ? piece('term', 'boolean', 'false') : tested,
  );
}

/** `not { … }`: what it declares stays inside. */
function negatedBody(scope: Scope): Piece {
  const within = inner(scope, { iterates: scope.iterates });
  return piece('statement', 'not body', 'not { ', writeBody(within), ' }');
}

/** `a and b`, `a or b`, their operands tests or bodies in braces, with what binds closer or looser beside them. */
function logical(scope: Scope): Piece {
  const { random } = scope;
  const operand = (): Piece => {
    const within = inner(scope, { iterates: random.chance(0.5) });
    return random.weighted<Piece>([
      [4, () => test(within)],
      [1.5, () => negation(within)],
      [scope.depth > 0 ? 1.5 : 0, () => piece('statement', 'operand body', '{ ', writeBody(within), ' }')],
    ]);
  };
  const operators = random.times(1, random.chance(0.3) ? 2 : 1, () => random.pick(['and', 'or']));
  const parts = operators.flatMap((operator) => [` ${operator} `, operand()]);
  return piece('statement', operators.length > 1 ? 'and, or' : operators[0]!, operand(), ...parts);
}

/** `some x, y` and a use that gives both a value. */
function someSeveral(scope: Scope): Piece {
  if (!scope.iterates) return test(scope);
  const [a, b] = [scope.names.fresh(), scope.names.fresh()];
  scope.variables.push({ name: a, kind: 'any' }, { name: b, kind: 'any' });
  const path = scope.random.pick(['input.u', 'data.d.o', 'input.x', 'data.d']);
  return piece('statement', 'some several', `some ${a}, ${b}; ${path}[${a}][${b}]`);
}

function every(scope: Scope): Piece {
  const { of, key, term: collected } = domain({ ...deeper(scope), iterates: false });
  const within = inner(scope, { iterates: true });
  const withKey = scope.random.chance(0.4);
  const names = withKey ? `${declareUsed(within, key)}, ${declareUsed(within, of)}` : declareUsed(within, of);
  const label = withKey ? 'every key' : 'every';
  return piece('statement', label, `every ${names} in `, collected, ' { ', writeBody(within), ' }');
}

/** `some x` and a use that gives it a value. */
function someDeclared(scope: Scope): Piece {
  if (!scope.iterates) return test(scope);
  const name = scope.names.fresh();
  const path = scope.random.pick(['input.l', 'data.d.o', 'input.u', 'data.d.w']);
  scope.variables.push({ name, kind: 'any' });
  const value = leaf({ ...deeper(scope), iterates: false }, 'any');
  return piece('statement', 'some', `some ${name}; ${path}[${name}] != `, value);
}

function walk(scope: Scope): Piece {
  const given = leaf({ ...deeper(scope), iterates: false }, 'any');
  const [path, value] = [declare(scope, arrayOf('any')), declare(scope, 'any')];
  const pattern = scope.random.pick([
    `[${path}, ${value}]`,
    `[${path}, ${value}]`,
    `[_, ${value}]`,
    `[${path}, _]`,
  ]);
  if (!pattern.includes(path)) scope.variables.splice(-2, 1);
  else if (!pattern.includes(value)) scope.variables.pop();
  return piece('statement', 'walk', 'walk(', given, `, ${pattern})`);
}

/** A call that is given one argument more, which takes the result. */
function callWithOutput(scope: Scope): Piece {
  const builtin =
    BUILTINS[scope.random.pick(['count', 'upper', 'concat', 'plus', 'sort', 'object.get', 'split'])]!;
  const given = operandsOf(deeper(scope), builtin);
  const name = declare(scope, kindOf(builtin.result!));
  return piece('statement', 'output argument', `${builtin.name}(`, list(given, ', ', 99), `, ${name})`);
}

function print(scope: Scope): Piece {
  const plain = { ...deeper(scope), iterates: false, variables: [] };
  const args = scope.random.times(0, 2, () => leaf(plain, 'any'));
  return piece('statement', 'print', 'print(', list(args, ', '), ')');
}

/** A statement with one or two `with`. */
function modified(scope: Scope, plain: Piece): Piece {
  if (/^(some$|some several|print|every)/.test(plain.label)) return plain;
  // OPA drops a body of just `true`, whatever stands beside it, where it adds something to it.
  if (textOf(plain) === 'true') return plain;
  const modifiers = scope.random.times(1, scope.random.chance(0.3) ? 2 : 1, () => modifier(scope));
  return piece('statement', 'with', plain, list(modifiers, '', 1));
}

function modifier(scope: Scope): Piece {
  const { random } = scope;
  const within = { ...deeper(scope), depth: Math.min(scope.depth - 1, 1), iterates: false };
  const rules = scope.rules.filter((rule) => rule.shape !== 'function');
  const functions = scope.rules.filter((rule) => rule.shape === 'function');
  const value = (kind: Kind = 'any') => term(within, kind);
  return random.weighted<Piece>([
    [2, () => piece('part', 'with input', ' with input as ', inputTerm(scope, value))],
    [
      3,
      () => piece('part', 'with input path', ` with input${dotted(random.pick(PATHS).steps)} as `, value()),
    ],
    [2, () => piece('part', 'with data', ` with data.d${dotted(random.pick(PATHS).steps)} as `, value())],
    [0.5, () => piece('part', 'with data', ' with data.d as ', value())],
    [
      rules.length > 0 ? 3 : 0,
      () => {
        const rule = random.pick(rules);
        return piece('part', 'with rule', ` with data.${rule.packagePath}.${rule.name} as `, value());
      },
    ],
    [
      functions.length > 0 ? 2 : 0,
      () => {
        const rule = random.pick(functions);
        const same = functions.filter(({ arity }) => arity === rule.arity);
        const put =
          random.chance(0.4) && same.length > 0
            ? piece('term', 'function', `data.${random.pick(same).packagePath}.${random.pick(same).name}`)
            : value(rule.kind);
        return piece('part', 'with function', ` with data.${rule.packagePath}.${rule.name} as `, put);
      },
    ],
    [1.5, () => withBuiltin(scope, value)],
  ]);
}

function dotted(steps: string): string {
  return /^(\.[a-z]+)+/.exec(steps)?.[0] ?? '.n';
}

function inputTerm({ random }: Scope, value: (kind?: Kind) => Piece): Piece {
  if (random.chance(0.3)) return value();
  return piece('term', 'object', `{"n": ${random.below(4)}, "s": "a", "l": [1, 2], "x": ${anyJson(random)}}`);
}

function withBuiltin(scope: Scope, value: (kind?: Kind) => Piece): Piece {
  const { random } = scope;
  const builtin =
    BUILTINS[random.pick(['count', 'upper', 'startswith', 'plus', 'concat', 'object.get', 'sum'])]!;
  const functions = scope.rules.filter((rule) => rule.shape === 'function' && rule.arity === builtin.arity);
  const put =
    functions.length > 0 && random.chance(0.5)
      ? piece('term', 'function', `data.${functions[0]!.packagePath}.${functions[0]!.name}`)
      : value(kindOf(builtin.result!));
  return piece('part', 'with builtin', ` with ${builtin.name} as `, put);
}
