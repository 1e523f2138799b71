import {
  type AstObject,
  type ExplainSources,
  parseQuery,
  queryToAst,
  type TraceEvent,
  traceNodes,
} from '@writ/rego';

/**
 * Events in the shape of OPA's `explanation`: `{Op, Node, Location, QueryID, ParentID, Locals, LocalMetadata, Message,
 * Ref}`. `Node` is the tree of what is written there, so that no metadata of renamed variables is needed.
 */
export function traceJson(events: readonly TraceEvent[], sources: ExplainSources): readonly object[] {
  const nodeOf = traceNodes(sources);
  return events.map((event) => {
    const { op, location, queryId, parentId, message, variables = {} } = event;
    const { file, row, column } = location;
    return {
      Op: op,
      Node: nodeOf(event) ?? null,
      Location: { file: file === 'query' ? '' : file, row, col: column },
      // OPA counts from zero.
      QueryID: Math.max(0, queryId - 1),
      ParentID: Math.max(0, parentId - 1),
      Locals: Object.entries(variables).map(([name, value]) => ({
        name,
        ...termTree(value),
      })),
      LocalMetadata: {},
      Message: message ?? '',
      Ref: op === 'Index' ? termTree(event.text)?.['value'] : null,
    };
  });
}

function termTree(text: string): AstObject | undefined {
  const { body } = parseQuery(text, { file: 'query' });
  const terms = body === undefined ? undefined : queryToAst(body)[0]?.['terms'];
  return terms as AstObject | undefined;
}
