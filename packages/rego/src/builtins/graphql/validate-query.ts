import type { BuiltinContext } from '../builtin.ts';
import type { GraphqlFault } from './fault.ts';
import type { QueryDocument } from './nodes.ts';
import { QUERY_RULES } from './rules/index.ts';
import type { Schema } from './types.ts';
import { QueryLimit, Walk } from './walk.ts';

/** Steps that a query may take in all. */
const STEPS_MAX = 1_000_000;
/** Steps that are counted as one operation of the evaluation. */
const STEPS_PER_OPERATION = 16;
const STEPS_COUNTED = 1_024;

class FirstFault {}

function walkThrough(
  context: BuiltinContext,
  schema: Schema,
  document: QueryDocument,
  report: (fault: GraphqlFault) => void,
): void {
  let [steps, counted] = [0, 0];
  const spend = (more: number) => {
    steps += more;
    if (steps > STEPS_MAX) throw new QueryLimit('the query takes too many steps to validate');
    if (steps - counted < STEPS_COUNTED) return;
    context.spend(Math.ceil((steps - counted) / STEPS_PER_OPERATION));
    counted = steps;
  };
  new Walk(schema, document, QUERY_RULES, { report, spend }).run();
}

/** Whether a query fits a schema; ends at the first fault. */
export function fitsSchema(context: BuiltinContext, schema: Schema, document: QueryDocument): boolean {
  try {
    walkThrough(context, schema, document, () => {
      throw new FirstFault();
    });
    return true;
  } catch (caught) {
    if (caught instanceof FirstFault) return false;
    throw caught;
  }
}

function line(fault: GraphqlFault): string {
  const { position, message } = fault;
  return position === undefined
    ? `input: ${message}\n`
    : `input:${position.line}:${position.column}: ${message}\n`;
}

/** All faults of a query as OPA words them: at the place of the first, with the others below it. */
export function queryFault(
  context: BuiltinContext,
  schema: Schema,
  document: QueryDocument,
): string | undefined {
  let [text, first]: [string, GraphqlFault | undefined] = ['', undefined];
  walkThrough(context, schema, document, (fault) => {
    first ??= fault;
    const added = line(fault);
    context.allocate(added.length);
    text += added;
  });
  const position = (first as GraphqlFault | undefined)?.position;
  if (text === '') return undefined;
  if (position === undefined) return `GraphQL parse error: ${text}`;
  const { line: row, column } = position;
  const said = text.slice(`input:${row}:${column}:`.length).replace(/^ +/, '');
  return `${said.replace(/\.\n$/, '')} in GraphQL string at location ${row}:${column}`;
}
