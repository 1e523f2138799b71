import type { Json } from '@writ/decision';
import type { Mappings } from './mappings.ts';
import { columnOf } from './mappings.ts';
import {
  callOf,
  groundValue,
  type ResidueBody,
  type ResidueExpression,
  type ResidueTerm,
  stepsOf,
} from './residue.ts';

/** A condition as UCAST writes it (universal conditions abstract syntax tree, as OPA fills it). */
export type UcastNode =
  | {
      readonly type: 'compound';
      readonly operator: 'and' | 'or' | 'not';
      readonly value: readonly UcastNode[];
    }
  | {
      readonly type: 'field';
      readonly operator: string;
      readonly field: string;
      readonly value: Json | { readonly field: string };
    };

/** Operators that turn round with their operands. */
const MIRRORED: Readonly<Record<string, string>> = { lt: 'gt', lte: 'gte', gt: 'lt', gte: 'lte' };
const NAMES: Readonly<Record<string, string>> = { neq: 'ne', 'internal.member_2': 'in' };

/** A residue that was checked as one condition; undefined where it always holds. */
export function toUcast(queries: readonly ResidueBody[], mappings: Mappings): UcastNode | undefined {
  const bodies = queries.map((body) => bodyToUcast(body, mappings));
  // One way without a condition is enough.
  if (bodies.includes(undefined)) return undefined;
  return together('or', bodies as UcastNode[]);
}

function bodyToUcast(body: ResidueBody, mappings: Mappings): UcastNode | undefined {
  if (body.length === 0) return undefined;
  return together(
    'and',
    body.map((expression) => expressionToUcast(expression, mappings)),
  );
}

function together(operator: 'and' | 'or', nodes: readonly UcastNode[]): UcastNode {
  return nodes.length === 1 ? nodes[0]! : { type: 'compound', operator, value: nodes };
}

function expressionToUcast(expression: ResidueExpression, mappings: Mappings): UcastNode {
  const { operator, operands } = callOf(expression)!;
  const isFlipped = operands[0]?.type !== 'ref';
  const [field, other] = (isFlipped ? [operands[1], operands[0]] : [operands[0], operands[1]]) as [
    ResidueTerm,
    ResidueTerm,
  ];
  const name = NAMES[operator] ?? operator;
  const node: UcastNode = {
    type: 'field',
    // What is equal to anything at all is there.
    operator: other.type === 'var' ? 'ne' : isFlipped ? (MIRRORED[name] ?? name) : name,
    field: fieldOf(field, mappings),
    value: wantedOf(other, mappings),
  };
  return expression.negated === true ? { type: 'compound', operator: 'not', value: [node] } : node;
}

function wantedOf(term: ResidueTerm, mappings: Mappings): Json | { readonly field: string } {
  if (term.type === 'ref') return { field: fieldOf(term, mappings) };
  // Whatever there is, which `ne` compares with nothing.
  if (term.type === 'var') return null;
  const value = groundValue(term);
  if (value === undefined) throw new TypeError('a condition on something unknown was not refused');
  return value;
}

function fieldOf(term: ResidueTerm, mappings: Mappings): string {
  return columnOf((stepsOf(term) ?? []).slice(1), mappings);
}
