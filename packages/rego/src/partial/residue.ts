import type { EvaluationError, EvaluationHost } from '../eval/evaluation.ts';
import type { Body, Module } from '../syntax/ast.ts';
import type { Diagnostic } from '../syntax/diagnostic.ts';
import { parseModule, parseQuery } from '../syntax/index.ts';
import type { JsonObject, Value } from '../value/value.ts';
import type { PartialSources } from './partial.ts';

/** How a query is to be evaluated in part. */
export interface PartialOptions {
  /** What is not known yet: `input`, `input.user`, `data.reports`; `input` by default. */
  readonly unknowns?: readonly string[];
  /** The known input; whatever it has below an unknown path is not looked at. */
  readonly input?: Value;
  /** Known base data; what the policy was compiled with by default. */
  readonly data?: JsonObject;
  /** Rules that stay rules of their own, `data.a.p`, and all below them. */
  readonly disableInlining?: readonly string[];
  /** Puts rules in place only in the query itself, not in supporting rules or rules put in place. */
  readonly shallowInlining?: boolean;
  /** Evaluates calls of non-deterministic builtins whose operands are known, as if they always gave the same. */
  readonly nondeterministicBuiltins?: boolean;
  readonly package?: string;
  readonly version?: 0 | 1;
  readonly timeNs?: bigint;
  readonly host?: EvaluationHost;
  readonly deadlineMs?: number;
  /** Ends a partial evaluation of more steps; 200,000 by default. */
  readonly stepsMax?: number;
}

/** What is left of a query once what is known is worked in. */
export interface Residue {
  readonly kind: 'residue';
  /** Bodies in Rego, and their trees: the query has an answer where one of them has. None: it never has one. */
  readonly queries: readonly { readonly text: string; readonly body: Body }[];
  /** The query's own variables; the bodies have others beside them. */
  readonly variables: readonly string[];
  /** Modules, below `data.partial`, with the rules that the bodies and these modules refer to. */
  readonly support: readonly { readonly file: string; readonly text: string; readonly module: Module }[];
  /**
   * Whether what is left refers to the policy's own rules as well (below a `with`, or where a whole package is
   * read): then it must be evaluated together with them, with all data and input.
   */
  readonly needsPolicy: boolean;
}

/** What partial evaluation gives: what is left, an error of the evaluation, or what is wrong with the query. */
export type PartialResult =
  | Residue
  | EvaluationError
  | { readonly kind: 'refused'; readonly diagnostics: readonly Diagnostic[] };

/** Whether there is anything that the unknown could be with which the query has an answer; no is certain. */
export function couldBeTrue(residue: Residue): boolean {
  return residue.queries.length > 0;
}

/** Whether the query has an answer whatever the unknown is; yes is certain. */
export function isAlwaysTrue(residue: Residue): boolean {
  return residue.queries.some(({ text }) => text === 'true');
}

/** Reads the sources that partial evaluation wrote. */
export function residueOf({ queries, variables, support, needsPolicy }: PartialSources): Residue {
  return {
    kind: 'residue',
    queries: queries.map((text) => ({ text, body: readQuery(text) })),
    variables,
    support: support.map((text, index) => {
      const file = `partial-${index}.rego`;
      return { file, text, module: readModule(file, text) };
    }),
    needsPolicy,
  };
}

function readQuery(text: string): Body {
  const { body, diagnostics } = parseQuery(text, { file: 'query' });
  if (body === undefined) throw new Error(`the residue does not parse: ${text}: ${diagnostics[0]?.message}`);
  return body;
}

function readModule(file: string, text: string): Module {
  const { module, diagnostics } = parseModule(text, { file });
  if (module === undefined)
    throw new Error(`the residue does not parse: ${text}: ${diagnostics[0]?.message}`);
  return module;
}
