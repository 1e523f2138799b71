import * as fc from 'fast-check';

/** Text of a term or statement, by how much nesting is still allowed. */
type Grammar = (depth: number) => fc.Arbitrary<string>;

const VARIABLES = ['x', 'y', 'z'];
const variable = fc.constantFrom(...VARIABLES);
const name = fc.constantFrom('a', 'b', 'c');
const scalar = fc.constantFrom(
  '0',
  '1',
  '2',
  '3',
  '"a"',
  '"b"',
  'true',
  'false',
  'null',
  '1.5',
  '-1',
  '12345678901234567890',
);

/** Rules that are no functions. */
function valuesOf(rules: readonly string[]): readonly string[] {
  return rules.filter((rule) => rule !== 'f').map((rule) => `data.t.${rule}`);
}

/** Refers to rules only where they stand before the one being written, so that none needs itself. */
function reference(rules: readonly string[]): fc.Arbitrary<string> {
  const roots = ['input', 'input.a', 'input.b', 'data.base', ...valuesOf(rules)];
  const step = fc.oneof(
    name.map((one) => `.${one}`),
    fc.constantFrom('[0]', '[1]', '["a"]', '[_]'),
    variable.map((one) => `[${one}]`),
  );
  return fc
    .tuple(fc.constantFrom(...roots), fc.array(step, { maxLength: 2 }))
    .map(([root, steps]) => root + steps.join(''));
}

function termOf(rules: readonly string[], body: Grammar): Grammar {
  const ref = reference(rules);
  const term: Grammar = (depth) => {
    if (depth <= 0) return fc.oneof(scalar, variable, ref);
    const inner = term(depth - 1);
    const pair = fc.tuple(inner, inner);
    return fc.oneof(
      { weight: 3, arbitrary: scalar },
      { weight: 4, arbitrary: variable },
      { weight: 5, arbitrary: ref },
      fc.array(inner, { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
      fc.array(inner, { minLength: 1, maxLength: 2 }).map((items) => `{${items.join(', ')}}`),
      pair.map(([key, value]) => `{${key}: ${value}, "k": ${value}}`),
      fc
        .tuple(fc.constantFrom('[', '{'), inner, body(depth - 1))
        .map(([open, head, inside]) => `${open}${head} | ${inside}${open === '[' ? ']' : '}'}`),
      fc.tuple(inner, inner, body(depth - 1)).map(([key, value, inside]) => `{${key}: ${value} | ${inside}}`),
      fc
        .tuple(inner, fc.constantFrom('+', '-', '*', '/', '%', '&', '|'), inner)
        .map(([a, operator, b]) => `(${a} ${operator} ${b})`),
      fc
        .constantFrom(...['count', 'sum', 'to_number', 'type_name', 'is_number'])
        .chain((builtin) => inner.map((one) => `${builtin}(${one})`)),
      ...(rules.includes('f') ? [inner.map((one) => `data.t.f(${one})`)] : []),
    );
  };
  return term;
}

function bodyOf(rules: readonly string[]): Grammar {
  const term: Grammar = termOf(rules, (depth) => body(depth));
  const modifier: Grammar = (depth) =>
    fc
      .tuple(
        fc.constantFrom(
          'input',
          'input.a',
          'data.base',
          'data.base.a',
          ...valuesOf(rules),
          'count',
          ...(rules.includes('f') ? ['data.t.f'] : []),
        ),
        term(Math.min(depth, 1)),
      )
      .map(([target, value]) => ` with ${target} as ${value}`);
  const statement: Grammar = (depth) => {
    const inner = term(depth);
    const comparison = fc
      .tuple(inner, fc.constantFrom('==', '!=', '<', '<=', '>', '>=', '=', 'in'), inner)
      .map(([a, operator, b]) => `${a} ${operator} ${b}`);
    const plain = fc.oneof(
      { weight: 2, arbitrary: inner },
      { weight: 3, arbitrary: comparison },
      { weight: 5, arbitrary: fc.tuple(variable, inner).map(([one, value]) => `${one} = ${value}`) },
      {
        weight: 2,
        arbitrary: fc.tuple(variable, variable, inner).map(([a, b, value]) => `[${a}, ${b}] = ${value}`),
      },
      fc.tuple(name, variable, inner).map(([key, one, value]) => `{"${key}": ${one}} = ${value}`),
    );
    return fc.oneof(
      { weight: 8, arbitrary: plain },
      { weight: 2, arbitrary: plain.map((one) => `not ${one}`) },
      { weight: 3, arbitrary: fc.tuple(plain, modifier(depth)).map((parts) => parts.join('')) },
      {
        weight: 3,
        arbitrary: fc
          .tuple(inner, variable)
          .map(([domain, one]) => `some § in ${domain}; §${FRESH_END} == ${one}`),
      },
      ...(depth > 0
        ? [
            fc
              .tuple(inner, variable, body(depth - 1))
              .map(([domain, one, inside]) => `every § in ${domain} { §${FRESH_END} != ${one}; ${inside} }`),
          ]
        : []),
    );
  };
  const body: Grammar = (depth) =>
    fc
      .array(statement(depth), { minLength: 1, maxLength: depth > 1 ? 4 : 2 })
      .map((statements) => statements.join('; '));
  return body;
}

/** Marks the use of the name that the last `§` before it declared. */
const FRESH_END = '¶';

/** Puts new names for `§`, so that no name is declared twice. */
function withFreshNames(text: string): string {
  const open: string[] = [];
  let count = 0;
  return text.replace(/§¶?/g, (mark) => {
    if (mark.length > 1) return open.pop()!;
    count += 1;
    open.push(`n${count}`);
    return `n${count}`;
  });
}

const DEPTH = 2;

/** Gives every variable a value, so that most of what follows is safe; some of them several. */
function boundVariables(rules: readonly string[]): fc.Arbitrary<string> {
  const given = fc.oneof(scalar, reference(rules).map(withoutVariables), fc.constant('[1, 2, 3][_]'));
  const binding = fc.tuple(fc.constantFrom('=', 'in', 'in'), given);
  return fc
    .tuple(...VARIABLES.map(() => binding))
    .map((bindings) =>
      bindings
        .map(([how, value], index) =>
          how === '=' ? `${VARIABLES[index]} = ${value}` : `some ${VARIABLES[index]} in [1, ${value}, "a"]`,
        )
        .join('; '),
    );
}

function withoutVariables(text: string): string {
  return text.replace(/\[[xyz]\]/g, '[_]');
}

function rulesFor(kind: string, before: readonly string[]): fc.Arbitrary<string> {
  const body = fc.tuple(boundVariables(before), bodyOf(before)(DEPTH)).map((parts) => parts.join('; '));
  const term = termOf(before, bodyOf(before))(1);
  const shapes: Readonly<Record<string, fc.Arbitrary<string>>> = {
    f: fc
      .tuple(fc.constantFrom('g', '[g, _]', '"a"', '1', '{"a": g}'), term, body)
      .map(([arg, value, inside]) => `f(${arg}) := ${value} if { ${inside} }`),
    p: fc
      .tuple(term, body, term, body)
      .map(
        ([value, inside, other, rest]) => `p := ${value} if { ${inside} } else := ${other} if { ${rest} }`,
      ),
    q: fc.tuple(term, body).map(([value, inside]) => `q contains ${value} if { ${inside} }`),
    r: fc.tuple(variable, term, body).map(([key, value, inside]) => `r[${key}] := ${value} if { ${inside} }`),
    s: fc
      .tuple(fc.constantFrom('true', '1'), body)
      .map(([value, inside]) => `s := ${value} if { ${inside} }`),
  };
  return fc.array(shapes[kind]!, { minLength: 1, maxLength: 3 }).map((rules) => rules.join('\n\n'));
}

/** Modules of rules that mean nothing; most of them compile. Each rule can use those before it. */
export function randomPolicies(): fc.Arbitrary<string> {
  const kinds = ['f', 'q', 'r', 'p', 's'];
  const rules = kinds.map((kind, index) => rulesFor(kind, kinds.slice(0, index)));
  return fc
    .tuple(fc.tuple(...rules), fc.subarray(kinds, { minLength: 1 }), fc.boolean())
    .map(([texts, kept, hasDefault]) => {
      const shown = texts.filter((_text, index) => kinds[index] === 'f' || kept.includes(kinds[index]!));
      return ['package t', ...(hasDefault ? ['default s := 1'] : []), ...shown.map(withFreshNames), ''].join(
        '\n\n',
      );
    });
}
