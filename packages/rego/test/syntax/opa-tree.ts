import type { Body, Expression, Module, Rule, Term, With } from '../../src/syntax/index.ts';

/** A tree in the shape of OPA's JSON, made comparable: no locations, sets and objects sorted, numbers by value. */
export type Tree = null | boolean | number | string | readonly Tree[] | { readonly [name: string]: Tree };
type Json = { readonly [name: string]: unknown };

const term = (type: string, value: Tree): Tree => ({ type, value });
const sorted = (items: readonly Tree[]): Tree[] =>
  [...new Set(items.map((item) => JSON.stringify(item)))].sort().map((item) => JSON.parse(item) as Tree);
const entries = (pairs: readonly (readonly Tree[])[]): Tree[] => {
  const byKey = new Map(pairs.map(([key, value]) => [JSON.stringify(key), value as Tree]));
  return sorted([...byKey].map(([key, value]) => [JSON.parse(key) as Tree, value]));
};

/** A tree's text with object members sorted and wildcards named in the order of their appearance. */
export function canonical(tree: Tree): string {
  const names = new Map<string, string>();
  return JSON.stringify(order(tree)).replace(/"\$\d+"/g, (name) => {
    if (!names.has(name)) names.set(name, `"$${names.size}"`);
    return names.get(name)!;
  });
}

function order(tree: Tree): Tree {
  if (tree === null || typeof tree !== 'object') return tree;
  if (isList(tree)) return tree.map(order);
  return Object.fromEntries(
    Object.entries(tree)
      .sort(([first], [second]) => (first < second ? -1 : 1))
      .map(([name, value]) => [name, order(value)]),
  );
}

function isList(tree: Tree): tree is readonly Tree[] {
  return Array.isArray(tree);
}

/** Our tree of a module in that shape. */
export function ourTree(module: Module): Tree {
  return {
    package: [...module.package.path],
    imports: module.imports.map(({ path, alias }) => ({ path: [...path], alias: alias ?? null })),
    rules: module.rules.map(ourRule),
  };
}

function ourRule(rule: Rule): Tree {
  const { head } = rule;
  return {
    default: rule.isDefault,
    ref: head.ref.map((part, index) => (index === 0 && part.kind === 'string' ? part.value : ourTerm(part))),
    args: head.args.map(ourTerm),
    key: head.key ? ourTerm(head.key) : null,
    value: head.value ? ourTerm(head.value) : null,
    assign: head.assigned,
    body: ourBody(rule.body),
    elses: rule.elses.map(({ value, body }) => ({ value: ourTerm(value), body: ourBody(body) })),
  };
}

function ourBody(body: Body): Tree {
  return body.map(ourExpression);
}

function ourExpression(expression: Expression): Tree {
  const { negated, index } = expression;
  return { terms: ourTerms(expression), negated, index, with: expression.with.map(ourWith) };
}

function ourWith({ target, value }: With): Tree {
  return { target: ourTerm(target), value: ourTerm(value) };
}

function ourTerms(expression: Expression): Tree {
  switch (expression.kind) {
    case 'term-expression':
      return expression.term.kind === 'call' ? ourCall(expression.term) : ourTerm(expression.term);
    case 'unify':
      return [operator(['eq']), ourTerm(expression.left), ourTerm(expression.right)];
    case 'assign':
      return [operator(['assign']), ourTerm(expression.left), ourTerm(expression.right)];
    case 'some':
      return { symbols: expression.names.map(ourTerm) };
    case 'some-in': {
      const { key, value, collection } = expression;
      const name = operator(['internal', key ? 'member_3' : 'member_2']);
      const args = [...(key ? [key] : []), value, collection].map(ourTerm);
      return { symbols: [term('call', [name, ...args])] };
    }
    case 'every': {
      const { key, value, collection, body } = expression;
      return {
        key: key ? ourTerm(key) : null,
        value: ourTerm(value),
        domain: ourTerm(collection),
        body: ourBody(body),
      };
    }
  }
}

function operator(path: readonly string[]): Tree {
  return term(
    'ref',
    path.map((part, index) => term(index === 0 ? 'var' : 'string', part)),
  );
}

function ourCall(call: Extract<Term, { kind: 'call' }>): Tree[] {
  return [operator(call.operator), ...call.args.map(ourTerm)];
}

function ourTerm(node: Term): Tree {
  switch (node.kind) {
    case 'null':
      return term('null', {});
    case 'boolean':
    case 'string':
      return term(node.kind, node.value);
    case 'number':
      return term('number', Number(node.text));
    case 'var': {
      const variable = term('var', node.name);
      return node.name === 'input' || node.name === 'data' ? term('ref', [variable]) : variable;
    }
    case 'ref':
      return term('ref', [
        node.head.kind === 'var' ? term('var', node.head.name) : ourTerm(node.head),
        ...node.parts.map(ourTerm),
      ]);
    case 'array':
      return term('array', node.items.map(ourTerm));
    case 'set':
      return term('set', sorted(node.items.map(ourTerm)));
    case 'object':
      return term('object', entries(node.entries.map((pair) => pair.map(ourTerm))));
    case 'array-comprehension':
    case 'set-comprehension':
      return term(node.kind.replace('-', ''), { term: ourTerm(node.term), body: ourBody(node.body) });
    case 'object-comprehension':
      return term('objectcomprehension', {
        key: ourTerm(node.key),
        value: ourTerm(node.value),
        body: ourBody(node.body),
      });
    case 'call':
      return term('call', ourCall(node));
    case 'template-string':
      return term(
        'templatestring',
        node.parts.map((part) => (typeof part === 'string' ? term('string', part) : ourTerm(part))),
      );
  }
}

/** OPA's JSON of a module in the same shape. */
export function opaTree(ast: unknown): Tree {
  const module = ast as {
    package: { path: { value: string }[] };
    imports?: { path: { value: { value: string }[] }; alias?: string }[];
    rules?: Json[];
  };
  return {
    package: module.package.path.slice(1).map(({ value }) => value),
    imports: (module.imports ?? []).map(({ path, alias }) => ({
      path: path.value.map(({ value }) => value),
      alias: alias ?? null,
    })),
    rules: (module.rules ?? []).map(opaRule),
  };
}

function opaRule(rule: Json): Tree {
  const head = rule['head'] as { ref: Json[]; args?: Json[]; key?: Json; value?: Json; assign?: boolean };
  const elses: Tree[] = [];
  for (let next = rule['else'] as Json | undefined; next; next = next['else'] as Json | undefined) {
    elses.push({
      value: opaTerm((next['head'] as { value: Json }).value),
      body: opaBody(next['body'] as Json[]),
    });
  }
  return {
    default: rule['default'] === true,
    ref: head.ref.map((part, index) => (index === 0 ? (part['value'] as string) : opaTerm(part))),
    args: (head.args ?? []).map(opaTerm),
    key: head.value === undefined && head.key ? opaTerm(head.key) : null,
    value: head.value === undefined ? null : opaTerm(head.value),
    assign: head.assign === true,
    body: opaBody(rule['body'] as Json[]),
    elses,
  };
}

function opaBody(body: Json[]): Tree {
  if (body.length === 1 && body[0]?.['generated'] === true) return [];
  return body.map((expression) => ({
    ...opaNegation(expression),
    index: expression['index'] as number,
    with: ((expression['with'] as Json[] | undefined) ?? []).map((modifier) => ({
      target: opaTerm(modifier['target'] as Json),
      value: opaTerm(modifier['value'] as Json),
    })),
  }));
}

/** `import future.keywords.not` makes a node of its own; without braces it holds the one expression that is negated. */
function opaNegation(expression: Json): { readonly terms: Tree; readonly negated: boolean } {
  const node = expression['terms'] as { readonly type?: string; readonly body?: Json[] };
  if (node.type === 'not' && node.body?.length === 1)
    return { terms: opaTerms(node.body[0]!['terms']), negated: true };
  return { terms: opaTerms(expression['terms']), negated: expression['negated'] === true };
}

function opaTerms(terms: unknown): Tree {
  if (Array.isArray(terms)) return terms.map(opaTerm);
  const node = terms as Json;
  if ('symbols' in node) return { symbols: (node['symbols'] as Json[]).map(opaTerm) };
  if (!('domain' in node)) return opaTerm(node);
  return {
    key: node['key'] ? opaTerm(node['key'] as Json) : null,
    value: opaTerm(node['value'] as Json),
    domain: opaTerm(node['domain'] as Json),
    body: opaBody(node['body'] as Json[]),
  };
}

function opaTerm(node: Json): Tree {
  const type = node['type'] as string;
  const value = node['value'];
  if (type === 'set') return term(type, sorted((value as Json[]).map(opaTerm)));
  if (type === 'object') return term(type, entries((value as Json[][]).map((pair) => pair.map(opaTerm))));
  if (Array.isArray(value)) return term(type, value.map(opaTerm));
  if (type === 'templatestring')
    return term(type, ((value as { parts: Json[] | null }).parts ?? []).map(opaPart));
  if (type.endsWith('comprehension')) {
    const { body, ...terms } = value as Record<string, unknown>;
    const named = Object.entries(terms).map(([name, each]) => [name, opaTerm(each as Json)] as const);
    return term(type, { ...Object.fromEntries(named), body: opaBody(body as Json[]) });
  }
  if (type === 'null') return term(type, {});
  return term(type, value as Tree);
}

function opaPart(part: Json): Tree {
  if (!('terms' in part)) return opaTerm(part);
  const terms = opaTerms(part['terms']);
  return Array.isArray(terms) ? term('call', terms) : terms;
}
