import type {
  CoreBody,
  CoreExpression,
  CoreLogical,
  CoreRule,
  CoreTerm,
  CoreWith,
  Variable,
} from '../analysis/core.ts';
import type { ArityOf } from '../analysis/own-variables.ts';
import { KNOWN_BUILTINS } from '../builtins/index.ts';
import { isObject, objectEntries, RegoSet, toJson } from '../value/index.ts';
import type { Value } from '../value/value.ts';

/** Gives each variable of a body or rule a name of its own that Rego can be written with. */
export class Names {
  readonly arityOf: ArityOf;
  readonly #names = new Map<Variable, string>();
  readonly #taken = new Set<string>();

  /** @param kept variables whose own names come first */
  constructor(arityOf: ArityOf, kept: Iterable<Variable> = []) {
    this.arityOf = arityOf;
    for (const variable of kept) this.of(variable);
  }

  of(variable: Variable): string {
    const known = this.#names.get(variable);
    if (known !== undefined) return known;
    const base =
      variable.origin === 'user' && variable.name !== 'input' && variable.name !== 'data'
        ? variable.name
        : 'x';
    let name = base;
    for (let count = 1; this.#taken.has(name) || isReserved(name); count++) name = `${base}_${count}`;
    this.#taken.add(name);
    this.#names.set(variable, name);
    return name;
  }
}

/** What a variable would hide, or could be taken for. */
function isReserved(name: string): boolean {
  return Object.hasOwn(KNOWN_BUILTINS, name) || name === 'input' || name === 'data' || name === 'partial';
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const KEYWORDS = new Set(
  'and as contains data default else every false if import in input not null or package some true with'.split(
    ' ',
  ),
);

/** A value as Rego source. */
export function valueSource(value: Value): string {
  if (value instanceof RegoSet) {
    const members = value.sorted().map(valueSource);
    return members.length === 0 ? 'set()' : `{${members.join(', ')}}`;
  }
  if (Array.isArray(value)) return `[${(value as readonly Value[]).map(valueSource).join(', ')}]`;
  if (isObject(value)) {
    return `{${objectEntries(value)
      .map(([key, held]) => `${valueSource(key)}: ${valueSource(held)}`)
      .join(', ')}}`;
  }
  return toJson(value);
}

/** `data.a["b c"]` */
export function pathSource(root: string, steps: readonly string[]): string {
  return steps.reduce(
    (text, step) =>
      text + (NAME.test(step) && !KEYWORDS.has(step) ? `.${step}` : `[${JSON.stringify(step)}]`),
    root,
  );
}

export function termSource(term: CoreTerm, names: Names): string {
  const source = (inner: CoreTerm): string => termSource(inner, names);
  switch (term.kind) {
    case 'constant':
      return valueSource(term.value);
    case 'variable':
      return names.of(term.variable);
    case 'ref': {
      const root = typeof term.root === 'string' ? term.root : rootSource(term.root, names);
      return term.parts.reduce((text: string, part) => text + stepSource(part, names), root);
    }
    case 'array':
      return `[${term.items.map(source).join(', ')}]`;
    case 'set':
      return term.items.length === 0 ? 'set()' : `{${term.items.map(source).join(', ')}}`;
    case 'object':
      return `{${term.entries.map(([key, value]) => `${source(key)}: ${source(value)}`).join(', ')}}`;
    case 'comprehension': {
      const [open, close] = term.result === 'array' ? ['[', ']'] : ['{', '}'];
      const head = term.key === undefined ? source(term.term) : `${source(term.key)}: ${source(term.term)}`;
      return `${open}${head} | ${bodySource(term.body, names)}${close}`;
    }
    case 'call':
      return callSource(
        term.callee.kind === 'function' ? pathSource('data', term.callee.path) : term.callee.name,
        term.args,
        names,
      );
  }
}

/** What a reference starts from; a scalar, below which nothing is, cannot be written there as it is. */
function rootSource(root: CoreTerm, names: Names): string {
  const isScalar =
    root.kind === 'constant' &&
    !Array.isArray(root.value) &&
    !isObject(root.value) &&
    !(root.value instanceof RegoSet);
  const source = termSource(root, names);
  return isScalar ? `[${source}][0]` : source;
}

function stepSource(part: CoreTerm, names: Names): string {
  const isName = part.kind === 'constant' && typeof part.value === 'string' && NAME.test(part.value);
  if (isName && !KEYWORDS.has(part.value as string)) return `.${part.value as string}`;
  return `[${termSource(part, names)}]`;
}

function callSource(name: string, args: readonly CoreTerm[], names: Names): string {
  const texts = args.map((argument) => termSource(argument, names));
  const infix = KNOWN_BUILTINS[name]?.infix;
  if (name === 'internal.member_2') return `${texts[0]} in ${texts[1]}`;
  if (name === 'internal.member_3') return `${texts[0]}, ${texts[1]} in ${texts[2]}`;
  if (infix !== undefined && texts.length === 2) return `${texts[0]} ${infix} ${texts[1]}`;
  return `${name}(${texts.join(', ')})`;
}

export function bodySource(body: CoreBody, names: Names, joined = '; '): string {
  return body.length === 0
    ? 'true'
    : body.map((expression) => expressionSource(expression, names)).join(joined);
}

export function expressionSource(expression: CoreExpression, names: Names): string {
  const plain = plainSource(expression, names);
  const modifiers = expression.with.map((modifier) => withSource(modifier, names));
  return `${expression.negated ? 'not ' : ''}${plain}${modifiers.join('')}`;
}

function plainSource(expression: CoreExpression, names: Names): string {
  const source = (term: CoreTerm): string => termSource(term, names);
  switch (expression.kind) {
    case 'test':
      return source(expression.term);
    case 'equal':
      return `${source(expression.left)} = ${source(expression.right)}`;
    case 'call': {
      const { callee, args } = expression;
      const name = callee.kind === 'function' ? pathSource('data', callee.path) : callee.name;
      if (name === 'internal.print') return 'true';
      // In a rule OPA makes an equality of `==`; in a query, where it does not, a negation would mean another thing.
      if (name === 'equal' && args.length === 2) return `${source(args[0]!)} = ${source(args[1]!)}`;
      const arity = names.arityOf(callee);
      if (arity === undefined || args.length <= arity) return callSource(name, args, names);
      const output = source(args[arity]!);
      return `${output} = (${callSource(name, args.slice(0, arity), names)})`;
    }
    case 'every': {
      const key = expression.key === undefined ? '' : `${names.of(expression.key)}, `;
      const head = `every ${key}${names.of(expression.value)} in ${source(expression.domain)}`;
      return `${head} { ${bodySource(expression.body, names)} }`;
    }
    case 'logical':
      return logicalSource(expression, names);
  }
}

/** In words that every version of the language has. */
function logicalSource({ operator, operands }: CoreLogical, names: Names): string {
  const [first, second] = operands.map(({ body }) => `count([true | ${bodySource(body, names)}])`);
  if (operator === 'not') return `${first} == 0`;
  return operator === 'or' ? `${first} + ${second} > 0` : `${first} * ${second} > 0`;
}

function withSource({ target, replacement }: CoreWith, names: Names): string {
  const place = target.kind === 'builtin' ? target.name : pathSource(target.kind, target.path);
  switch (replacement.kind) {
    case 'term':
      return ` with ${place} as ${termSource(replacement.term, names)}`;
    case 'function':
      return ` with ${place} as ${pathSource('data', replacement.path)}`;
    case 'builtin':
      return ` with ${place} as ${replacement.name}`;
  }
}

/** One rule below its package: name and all. */
export interface PrintedRule {
  readonly rule: CoreRule;
  readonly name: string;
}

/** The source of a rule whose head and bodies are as they stand. */
export function ruleSource({ rule, name }: PrintedRule, arityOf: ArityOf): string {
  const names = new Names(arityOf);
  const source = (term: CoreTerm): string => termSource(term, names);
  const tail = rule.tail.map((part) => stepSource(part, names)).join('');
  const args = rule.form === 'function' ? `(${rule.args.map(source).join(', ')})` : '';
  const [first, ...others] = rule.branches;
  const value = first!.value === undefined ? '' : ` := ${source(first!.value)}`;
  const head =
    rule.form === 'partial-set'
      ? `${name}${tail} contains ${source(rule.key!)}`
      : `${name}${tail}${args}${value}`;
  if (rule.isDefault) return `default ${head}`;
  const withBody = (body: CoreBody): string => ` if {\n\t${bodySource(body, names, ';\n\t')}\n}`;
  const branches = others.map(
    ({ value: other, body }) => ` else := ${other === undefined ? 'true' : source(other)}${withBody(body)}`,
  );
  return `${head}${withBody(first!.body)}${branches.join('')}`;
}
