import type { Value } from '../value/index.ts';
import { isObject } from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import { BuiltinError } from './builtin.ts';
import { CompileCache } from './cache.ts';
import type { Family } from './define.ts';
import { fault, typeFault } from './fault.ts';
import { GraphqlFault } from './graphql/fault.ts';
import type { QueryDocument, SchemaDocument } from './graphql/nodes.ts';
import { parseQuery } from './graphql/parse-query.ts';
import { parseSchema } from './graphql/parse-schema.ts';
import { prunedDocument } from './graphql/prune.ts';
import { readQuery, readSchema } from './graphql/read-document.ts';
import { buildSchema } from './graphql/schema.ts';
import type { Schema } from './graphql/types.ts';
import { fitsSchema, queryFault } from './graphql/validate-query.ts';
import { QueryLimit } from './graphql/walk.ts';

const CACHED_SCHEMAS_MAX = 10;

function worded(caught: unknown): BuiltinError {
  if (caught instanceof GraphqlFault) return fault(caught.worded);
  throw caught;
}

/** Runs a step that gives a document up by throwing. */
function attempt<Result>(step: () => Result): Result | BuiltinError {
  try {
    return step();
  } catch (caught) {
    return worded(caught);
  }
}

function builtSchema(document: SchemaDocument): Schema | BuiltinError {
  try {
    return buildSchema(document);
  } catch (caught) {
    if (!(caught instanceof GraphqlFault)) throw caught;
    return fault(`Error in gqlparser SchemaDocument to Schema conversion: ${caught.located}`);
  }
}

/** A schema and the form in which answers show its document. */
interface ReadSchema {
  readonly schema: Schema;
  readonly shown: Value;
}

const schemaTexts = new CompileCache<ReadSchema | BuiltinError>(CACHED_SCHEMAS_MAX, (text) =>
  schemaOf(attempt(() => parseSchema(text))),
);

function schemaOf(document: SchemaDocument | BuiltinError): ReadSchema | BuiltinError {
  if (document instanceof BuiltinError) return document;
  const schema = builtSchema(document);
  return schema instanceof BuiltinError ? schema : { schema, shown: prunedDocument(document) };
}

/** The schema in an operand; OPA counts the operands of these builtins from 0. */
function schemaOperand(operand: Value): ReadSchema | BuiltinError {
  if (typeof operand === 'string') return schemaTexts.get(operand);
  if (!isObject(operand)) return typeFault(1, operand, 'string', 'object');
  return schemaOf(attempt(() => readSchema(operand)));
}

function queryOperand(operand: Value): QueryDocument | BuiltinError {
  if (typeof operand === 'string') return attempt(() => parseQuery(operand));
  if (!isObject(operand)) return typeFault(0, operand, 'string', 'object');
  return attempt(() => readQuery(operand));
}

function isSchemaValid(_context: BuiltinContext, schema: Value): BuiltinOutcome {
  return !(schemaOperand(schema) instanceof BuiltinError);
}

/** A step of validation; a query that asks for too much work is a failure of the call, not an answer. */
function limited(step: () => BuiltinOutcome): BuiltinOutcome {
  try {
    return step();
  } catch (caught) {
    if (caught instanceof QueryLimit) return fault(caught.message);
    throw caught;
  }
}

function isValid(context: BuiltinContext, query: Value, schema: Value): BuiltinOutcome {
  const document = queryOperand(query);
  if (document instanceof BuiltinError) return false;
  const read = schemaOperand(schema);
  if (read instanceof BuiltinError) return false;
  return limited(() => fitsSchema(context, read.schema, document));
}

function parse(context: BuiltinContext, query: Value, schema: Value): BuiltinOutcome {
  const document = queryOperand(query);
  if (document instanceof BuiltinError) return document;
  const read = schemaOperand(schema);
  if (read instanceof BuiltinError) return read;
  return limited(() => {
    const problem = queryFault(context, read.schema, document);
    return problem === undefined ? [prunedDocument(document), read.shown] : fault(problem);
  });
}

function parseAndVerify(context: BuiltinContext, query: Value, schema: Value): BuiltinOutcome {
  const unverified = () => [false, prunedDocument({}), prunedDocument({})];
  const document = queryOperand(query);
  if (document instanceof BuiltinError) return unverified();
  const read = schemaOperand(schema);
  if (read instanceof BuiltinError) return unverified();
  return limited(() =>
    fitsSchema(context, read.schema, document) ? [true, prunedDocument(document), read.shown] : unverified(),
  );
}

/** GraphQL. Source: OPA's `topdown/graphql.go`. */
export const GRAPHQL: Family = {
  'graphql.is_valid': { call: isValid, checked: 0 },
  'graphql.parse': { call: parse, checked: 0 },
  'graphql.parse_and_verify': { call: parseAndVerify, checked: 0 },
  'graphql.parse_query': (_context: BuiltinContext, text: string): BuiltinOutcome =>
    attempt(() => prunedDocument(parseQuery(text))),
  'graphql.parse_schema': (_context: BuiltinContext, text: string): BuiltinOutcome =>
    attempt(() => prunedDocument(parseSchema(text))),
  'graphql.schema_is_valid': { call: isSchemaValid, checked: 0 },
};
