import { expect, test } from 'vitest';
import { bodiesIn } from '../../src/explain/written.ts';
import { parseModule } from '../../src/index.ts';
import type { Expression, Module, Rule, Term } from '../../src/syntax/index.ts';
import { CALLED, NOT_CALLED } from './builtin-calls.ts';
import { moduleTexts, ProgramSource } from './program.ts';

/** Everything that a module can hold, by kind of node and by what marks it. */
const EXPRESSIONS: Readonly<Record<Expression['kind'], true>> = {
  'term-expression': true,
  unify: true,
  assign: true,
  some: true,
  'some-in': true,
  every: true,
  not: true,
  logical: true,
};
const TERMS: Readonly<Record<Term['kind'], true>> = {
  null: true,
  boolean: true,
  number: true,
  string: true,
  var: true,
  ref: true,
  array: true,
  object: true,
  set: true,
  'array-comprehension': true,
  'object-comprehension': true,
  'set-comprehension': true,
  call: true,
  'template-string': true,
};
const MARKS = [
  ...['rule complete', 'rule partial-set', 'rule partial-object', 'rule function'],
  ...['default rule', 'default function', 'else', 'else in function', 'rule without body', 'annotations'],
  ...['head with variable', 'head with several steps', 'head with constant', 'member below a head'],
  ...['with', 'several with', 'with over every, and, or', 'negated', 'not with braces', 'import', 'alias'],
  ...[
    'and',
    'or',
    'operand with braces',
    'wildcard',
    'raw template string',
    'step of call',
    'step of literal',
  ],
  ...['version 0', 'import rego.v1', 'import rego.v2', 'import future.keywords', 'strict'],
];
/** What generated programs do not hold, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  'with over every, and, or': 'held to OPA by the modules in test/support/checked-modules.ts',
};

const PROGRAMS = 2_500;

function found(): ReadonlySet<string> {
  const source = new ProgramSource(20_260_101);
  const marks = new Set<string>();
  for (let count = 0; count < PROGRAMS; count++) {
    const program = source.next();
    if (program.regoVersion === 0) marks.add('version 0');
    if (program.strict) marks.add('strict');
    for (const [file, text] of Object.entries(moduleTexts(program))) {
      const { module } = parseModule(text, { file, version: program.regoVersion });
      if (module !== undefined) markModule(module, marks);
    }
  }
  return marks;
}

function markModule(module: Module, marks: Set<string>): void {
  for (const { path, alias } of module.imports) {
    marks.add(/^(rego|future)$/.test(path[0]!) ? `import ${path.join('.')}` : 'import');
    if (alias !== undefined) marks.add('alias');
  }
  for (const rule of module.rules) {
    markRule(rule, marks);
    for (const expression of bodiesIn(rule).flat()) markExpression(expression, marks);
    markTerms(rule, marks);
  }
}

function markRule({ head, isDefault, elses, body, annotations }: Rule, marks: Set<string>): void {
  marks.add(`rule ${head.form}`);
  if (isDefault) marks.add(head.form === 'function' ? 'default function' : 'default rule');
  else if (body.length === 0) marks.add('rule without body');
  if (elses.length > 0) marks.add(head.form === 'function' ? 'else in function' : 'else');
  if (annotations.length > 0) marks.add('annotations');
  const steps = head.ref.slice(1);
  if (steps.length > 1) marks.add('head with several steps');
  if (steps.some(({ kind }) => kind === 'var')) marks.add('head with variable');
  if (steps.some(({ kind }) => ['number', 'boolean', 'null'].includes(kind))) marks.add('head with constant');
  if (steps.length > 0 && head.form === 'partial-set') marks.add('member below a head');
}

function markExpression(expression: Expression, marks: Set<string>): void {
  marks.add(expression.kind);
  if (expression.negated) marks.add('negated');
  if (expression.with.length > 0) marks.add('with');
  if (expression.with.length > 1) marks.add('several with');
  if (expression.kind === 'not' && expression.explicit) marks.add('not with braces');
  if (expression.kind !== 'logical') return;
  marks.add(expression.operator);
  if (expression.left.explicit || expression.right.explicit) marks.add('operand with braces');
}

const LITERALS: ReadonlySet<string> = new Set(['array', 'object', 'set']);

function markTerms(node: unknown, marks: Set<string>): void {
  if (typeof node !== 'object' || node === null) return;
  if (Array.isArray(node)) {
    for (const item of node) markTerms(item, marks);
    return;
  }
  const term = node as Term;
  if (term.kind in TERMS) marks.add(term.kind);
  if (term.kind === 'var' && term.name.startsWith('$')) marks.add('wildcard');
  if (term.kind === 'template-string' && term.raw) marks.add('raw template string');
  if (term.kind === 'ref' && term.head.kind === 'call') marks.add('step of call');
  if (term.kind === 'ref' && LITERALS.has(term.head.kind)) marks.add('step of literal');
  for (const [name, part] of Object.entries(node)) if (name !== 'location') markTerms(part, marks);
}

test('generated programs hold every construct of the language', () => {
  const all = [...Object.keys(EXPRESSIONS), ...Object.keys(TERMS), ...MARKS];
  const marks = found();
  expect(all.filter((mark) => !marks.has(mark)).sort()).toEqual(Object.keys(LEFT_OUT).sort());
});

test('generated programs call every builtin, but for those that a reason is given for', () => {
  const source = new ProgramSource(20_260_102);
  const texts: string[] = [];
  for (let count = 0; count < PROGRAMS; count++) texts.push(...Object.values(moduleTexts(source.next())));
  const text = texts.join('\n');
  const missing = CALLED.filter(({ name }) => !text.includes(`${name}(`)).map(({ name }) => name);
  expect(missing).toEqual([]);
  for (const reason of Object.values(NOT_CALLED)) expect(reason).not.toBe('');
});
