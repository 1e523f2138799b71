import { type Module, type TraceEvent, traceNodes } from '@writ/rego';

const TYPES = { body: 'body', rule: 'rule', expression: 'expr' } as const;

/**
 * A trace in the form of OPA's REST API: `{op, query_id, parent_id, type, node, locals}` and `message` where there is
 * one. `node` is the tree of what is written at the place; the values of variables are not told (`locals` is empty).
 */
export function eventsToAst(
  events: readonly TraceEvent[],
  modules: readonly Module[],
  query: string,
): readonly object[] {
  const nodeOf = traceNodes({ modules, query });
  return events.map((event) => ({
    op: event.op.toLowerCase(),
    // OPA counts from zero.
    query_id: Math.max(0, event.queryId - 1),
    parent_id: Math.max(0, event.parentId - 1),
    type: event.op === 'Note' ? '' : TYPES[event.kind],
    node: event.op === 'Note' ? null : (nodeOf(event) ?? null),
    locals: [],
    ...(event.message === undefined ? {} : { message: event.message }),
  }));
}
