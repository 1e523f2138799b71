import type { Body, Expression, Module } from '../syntax/ast.ts';
import type { AstObject } from '../syntax/ast-json.ts';
import { parseQuery } from '../syntax/index.ts';
import { branchToAst, queryToAst } from '../syntax/module-to-ast.ts';
import type { ExplainSources } from './sources.ts';
import { QUERY_FILE } from './sources.ts';
import type { TraceEvent } from './trace.ts';
import { bodiesIn, branchesOf } from './written.ts';

interface Nodes {
  /** Bodies by where an expression of theirs begins and ends. */
  readonly bodies: ReadonlyMap<string, Body>;
  readonly expressions: ReadonlyMap<string, Expression>;
  readonly branches: ReadonlyMap<number, AstObject>;
}

/**
 * Finds what an event happened to, in the shape of OPA's JSON: the rule (`{body, head}`), the expression, or the list
 * of expressions of a body. It is as written, where OPA shows what its compiler made of it. Undefined of what stands
 * in none of the sources.
 */
export function traceNodes(
  sources: ExplainSources,
): (event: TraceEvent) => AstObject | readonly AstObject[] | undefined {
  const known = new Map<string, Nodes>();
  const nodesOf = (file: string): Nodes => {
    const found = known.get(file);
    if (found !== undefined) return found;
    const module = sources.modules.find((one) => one.file === file);
    const isQuery = module === undefined && file === QUERY_FILE && sources.query !== undefined;
    const nodes = isQuery ? queryNodes(sources.query) : moduleNodes(module);
    known.set(file, nodes);
    return nodes;
  };
  return (event) => {
    const { kind, location } = event;
    const { bodies, expressions, branches } = nodesOf(location.file);
    if (kind === 'rule') return branches.get(location.start);
    const key = `${location.start} ${location.end}`;
    const expression = expressions.get(key) ?? expressions.get(`${location.start}`);
    if (expression === undefined) return undefined;
    // Inside of `not x`, which stands at the same place, there is `x`.
    const isInside = expression.negated && !/^not\b/.test(event.text);
    const shown = isInside ? { ...expression, negated: false } : expression;
    if (kind === 'expression') return queryToAst([shown])[0];
    const body = bodies.get(key) ?? bodies.get(`${location.start}`) ?? [];
    return queryToAst(isInside ? [shown] : body);
  };
}

function queryNodes(text: string): Nodes {
  const { body } = parseQuery(text, { file: QUERY_FILE });
  return nodesIn(body === undefined ? [] : [body, ...body.flatMap((one) => bodiesIn(one))], new Map());
}

function moduleNodes(module: Module | undefined): Nodes {
  if (module === undefined) return nodesIn([], new Map());
  const branches = branchesOf(module).map(
    ({ rule, position, location }) => [location.start, branchToAst(rule, position)] as const,
  );
  return nodesIn(bodiesIn(module.rules), new Map(branches));
}

function nodesIn(all: readonly Body[], branches: Nodes['branches']): Nodes {
  const bodies = new Map<string, Body>();
  const expressions = new Map<string, Expression>();
  for (const body of all) {
    for (const expression of body) {
      const { start, end } = expression.location;
      for (const key of [`${start} ${end}`, `${start}`]) {
        if (!expressions.has(key)) expressions.set(key, expression);
        if (!bodies.has(key)) bodies.set(key, body);
      }
    }
  }
  return { bodies, expressions, branches };
}
