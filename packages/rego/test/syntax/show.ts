import {
  type Body,
  type Expression,
  type Module,
  type ParseOptions,
  parseModule,
  parseQuery,
  type Rule,
  type Term,
} from '../../src/syntax/index.ts';

type Options = Partial<ParseOptions>;

/** Prints a term so that its tree shows: calls by name, references with each step in brackets but for plain names. */
export function showTerm(term: Term): string {
  const list = (items: readonly Term[]): string => items.map(showTerm).join(', ');
  switch (term.kind) {
    case 'null':
      return 'null';
    case 'boolean':
      return String(term.value);
    case 'string':
      return JSON.stringify(term.value);
    case 'number':
      return term.text;
    case 'var':
      return term.name;
    case 'ref':
      return `${showTerm(term.head)}${term.parts.map(showStep).join('')}`;
    case 'array':
      return `[${list(term.items)}]`;
    case 'set':
      return `set(${list(term.items)})`;
    case 'object':
      return `{${term.entries.map((pair) => pair.map(showTerm).join(': ')).join(', ')}}`;
    case 'array-comprehension':
      return `[${showTerm(term.term)} | ${showBody(term.body)}]`;
    case 'set-comprehension':
      return `{${showTerm(term.term)} | ${showBody(term.body)}}`;
    case 'object-comprehension':
      return `{${showTerm(term.key)}: ${showTerm(term.value)} | ${showBody(term.body)}}`;
    case 'call':
      return `${term.operator.join('.')}(${list(term.args)})`;
    case 'template-string':
      return `template(${term.parts.map((part) => ('negated' in part ? showExpression(part) : showTerm(part))).join(', ')})`;
  }
}

function showStep(part: Term): string {
  return part.kind === 'string' && /^[a-z_]\w*$/i.test(part.value) ? `.${part.value}` : `[${showTerm(part)}]`;
}

export function showBody(body: Body): string {
  return body.map(showExpression).join('; ');
}

function showExpression(expression: Expression): string {
  const modifiers = expression.with.map(
    ({ target, value }) => ` with ${showTerm(target)} as ${showTerm(value)}`,
  );
  return `${expression.negated ? 'not ' : ''}${showBare(expression)}${modifiers.join('')}`;
}

function showBare(expression: Expression): string {
  switch (expression.kind) {
    case 'term-expression':
      return showTerm(expression.term);
    case 'unify':
      return `${showTerm(expression.left)} = ${showTerm(expression.right)}`;
    case 'assign':
      return `${showTerm(expression.left)} := ${showTerm(expression.right)}`;
    case 'some':
      return `some ${expression.names.map(showTerm).join(', ')}`;
    case 'some-in':
      return `some ${showDomain(expression)}`;
    case 'not':
      return `not { ${showBody(expression.body)} }`;
    case 'logical': {
      const [left, right] = [expression.left, expression.right].map(({ body }) => `{ ${showBody(body)} }`);
      return `${left} ${expression.operator} ${right}`;
    }
    case 'every':
      return `every ${showDomain(expression)} { ${showBody(expression.body)} }`;
  }
}

function showDomain({ key, value, collection }: { key?: Term; value: Term; collection: Term }): string {
  return `${key ? `${showTerm(key)}, ` : ''}${showTerm(value)} in ${showTerm(collection)}`;
}

/** Prints a rule with its form first. */
export function showRule(rule: Rule): string {
  const { head } = rule;
  const [name, ...steps] = head.ref;
  const parts = [
    `${rule.isDefault ? 'default ' : ''}${head.form}`,
    `${name?.kind === 'string' ? name.value : '?'}${steps.map(showStep).join('')}`,
  ];
  if (head.form === 'function') parts[1] += `(${head.args.map(showTerm).join(', ')})`;
  if (head.key) parts.push(`contains ${showTerm(head.key)}`);
  if (head.value) parts.push(`${head.assigned ? ':=' : '='} ${showTerm(head.value)}`);
  if (rule.body.length > 0) parts.push(`if { ${showBody(rule.body)} }`);
  for (const { value, body } of rule.elses) {
    parts.push(`else ${showTerm(value)}${body.length > 0 ? ` if { ${showBody(body)} }` : ''}`);
  }
  return parts.join(' ');
}

/** The module of a text that must parse. */
export function moduleOf(text: string, options: Options = {}): Module {
  const { module, diagnostics } = parseModule(text, { file: 'test.rego', ...options });
  if (!module) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return module;
}

/** The rules of a text after `package test`, printed. */
export function rulesOf(text: string, options: Options = {}): string[] {
  return moduleOf(`package test\n${text}`, options).rules.map(showRule);
}

/** A query that must parse, printed. */
export function query(text: string, options: Options = {}): string {
  const { body, diagnostics } = parseQuery(text, { file: 'query', ...options });
  if (!body) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return showBody(body);
}

/** What is wrong with a module: `row:column message` of each finding. */
export function faultsOf(text: string, options: Options = {}): string[] {
  const { module, diagnostics } = parseModule(text, { file: 'test.rego', ...options });
  if (module) throw new Error('the module was accepted');
  return diagnostics.map(({ message, location }) => `${location.row}:${location.column} ${message}`);
}
