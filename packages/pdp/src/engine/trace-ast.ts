import { type Module, moduleToAst, parseQuery, queryToAst, type TraceEvent } from '@writ/rego';

const TYPES = { body: 'body', rule: 'rule', expression: 'expr' } as const;

/**
 * A trace in the form of OPA's REST API: `{op, query_id, parent_id, type, node, locals}` and `message` where there is
 * one. `node` is the tree of what is written at the place; the values of variables are not told (`locals` is empty).
 */
export function eventsToAst(events: readonly TraceEvent[], modules: readonly Module[]): readonly object[] {
  const rules = rulesOf(modules);
  const bodies = new Map<string, readonly object[]>();
  const bodyOf = (text: string): readonly object[] => {
    const known = bodies.get(text);
    if (known !== undefined) return known;
    const { body } = parseQuery(text, { file: 'query' });
    const tree = body === undefined ? [] : queryToAst(body);
    bodies.set(text, tree);
    return tree;
  };
  const nodeOf = ({ op, kind, text, location }: TraceEvent): object | null => {
    if (op === 'Note') return null;
    if (kind === 'rule') return rules.get(`${location.file}:${location.start}`) ?? null;
    return kind === 'body' ? bodyOf(text) : (bodyOf(text)[0] ?? null);
  };
  return events.map((event) => ({
    op: event.op.toLowerCase(),
    // OPA counts from zero.
    query_id: Math.max(0, event.queryId - 1),
    parent_id: Math.max(0, event.parentId - 1),
    type: event.op === 'Note' ? '' : TYPES[event.kind],
    node: nodeOf(event),
    locals: [],
    ...(event.message === undefined ? {} : { message: event.message }),
  }));
}

function rulesOf(modules: readonly Module[]): ReadonlyMap<string, object> {
  return new Map(
    modules.flatMap((module) => {
      const { rules } = moduleToAst(module) as { readonly rules?: readonly object[] };
      return module.rules.map(
        ({ location }, index) => [`${location.file}:${location.start}`, rules?.[index] ?? {}] as const,
      );
    }),
  );
}
