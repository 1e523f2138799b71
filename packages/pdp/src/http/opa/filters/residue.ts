import type { Json, JsonObject } from '@writ/decision';

/** A term of a residue, in OPA's JSON. */
export interface ResidueTerm {
  readonly type: string;
  readonly value?: Json | readonly ResidueTerm[];
}

/** One expression of a residue: a call is a list of operator and operands, everything else a term. */
export interface ResidueExpression {
  readonly terms: ResidueTerm | readonly ResidueTerm[] | JsonObject;
  readonly negated?: boolean;
  readonly with?: readonly object[];
}

export type ResidueBody = readonly ResidueExpression[];

/** Operator and operands of a call; undefined for anything else. */
export function callOf({
  terms,
}: ResidueExpression): { readonly operator: string; readonly operands: readonly ResidueTerm[] } | undefined {
  if (!Array.isArray(terms)) return undefined;
  const [operator, ...operands] = terms as readonly ResidueTerm[];
  return operator === undefined ? undefined : { operator: termText(operator), operands };
}

/** The steps of a reference; undefined where one of them is computed. */
export function stepsOf(term: ResidueTerm | undefined): readonly string[] | undefined {
  if (term?.type !== 'ref') return undefined;
  const steps = (term.value as readonly ResidueTerm[]).map(({ type, value }) =>
    type === 'var' || type === 'string' ? String(value) : undefined,
  );
  return steps.includes(undefined) ? undefined : (steps as string[]);
}

const SCALARS: ReadonlySet<string> = new Set(['null', 'boolean', 'number', 'string']);

export function isScalar({ type }: ResidueTerm): boolean {
  return SCALARS.has(type);
}

/** A term as Rego prints it, for messages. */
export function termText({ type, value }: ResidueTerm): string {
  if (type === 'ref') return referenceText(value as readonly ResidueTerm[]);
  if (type === 'null') return 'null';
  if (type === 'var') return String(value);
  if (type === 'call') {
    const [operator, ...operands] = value as readonly ResidueTerm[];
    return `${termText(operator!)}(${operands.map(termText).join(', ')})`;
  }
  if (type === 'array') return `[${(value as readonly ResidueTerm[]).map(termText).join(', ')}]`;
  return JSON.stringify(value);
}

const NAME = /^[A-Za-z_]\w*$/;

function referenceText([head, ...steps]: readonly ResidueTerm[]): string {
  // Rules that a residue brings along stand below `partial`.
  const own = head?.value === 'data' && steps[0]?.value === 'partial' ? steps.slice(1) : steps;
  return own.reduce((text, step) => {
    if (step.type === 'string' && NAME.test(String(step.value))) return `${text}.${step.value}`;
    return `${text}[${termText(step)}]`;
  }, termText(head!));
}

/** The value that a ground term stands for; undefined where something in it is unknown. */
export function groundValue({ type, value }: ResidueTerm): Json | undefined {
  if (type === 'null') return null;
  if (SCALARS.has(type)) return value as Json;
  if (type === 'array' || type === 'set') {
    const items = (value as readonly ResidueTerm[]).map(groundValue);
    return items.includes(undefined) ? undefined : (items as Json[]);
  }
  if (type !== 'object') return undefined;
  const pairs = (value as unknown as readonly (readonly [ResidueTerm, ResidueTerm])[]).map(
    ([key, member]) => [groundValue(key), groundValue(member)] as const,
  );
  if (pairs.some(([key, member]) => typeof key !== 'string' || member === undefined)) return undefined;
  return Object.fromEntries(pairs) as JsonObject;
}
