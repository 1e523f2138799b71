import type { Location, Module } from '../syntax/ast.ts';

/** What the places of an evaluation's events are read from. */
export interface ExplainSources {
  /** `policy.modules`. */
  readonly modules: readonly Module[];
  /** Text of a query of one's own. */
  readonly query?: string;
}

/** The name under which places in a query are told. */
export const QUERY_FILE = 'query';

/** Reads the user's text at a place, on one line. */
export function sourceReader({ modules, query }: ExplainSources): (location: Location) => string {
  const texts = new Map(modules.map((module) => [module.file, module.text]));
  if (query !== undefined && !texts.has(QUERY_FILE)) texts.set(QUERY_FILE, query);
  return ({ file, start, end }) => (texts.get(file) ?? '').slice(start, end).replace(/\s*\n\s*/g, ' ');
}
