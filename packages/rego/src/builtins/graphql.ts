import type { Value } from '../value/index.ts';
import { isObject } from '../value/index.ts';
import type { BuiltinContext, BuiltinOutcome } from './builtin.ts';
import { BuiltinError } from './builtin.ts';
import { CompileCache } from './cache.ts';
import type { Family } from './define.ts';
import { fault } from './fault.ts';
import { GraphqlFault } from './graphql/fault.ts';
import type { SchemaDocument } from './graphql/nodes.ts';
import { parseQuery } from './graphql/parse-query.ts';
import { parseSchema } from './graphql/parse-schema.ts';
import { prunedDocument } from './graphql/prune.ts';
import { readSchema } from './graphql/read-document.ts';
import { buildSchema } from './graphql/schema.ts';
import type { Schema } from './graphql/types.ts';

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

const schemaTexts = new CompileCache<boolean>(CACHED_SCHEMAS_MAX, isValidText);

function isValidText(text: string): boolean {
  const document = attempt(() => parseSchema(text));
  return !(document instanceof BuiltinError) && !(builtSchema(document) instanceof BuiltinError);
}

function isSchemaValid(_context: BuiltinContext, schema: Value): BuiltinOutcome {
  if (typeof schema === 'string') return schemaTexts.get(schema);
  if (!isObject(schema)) return false;
  const document = attempt(() => readSchema(schema));
  return !(document instanceof BuiltinError) && !(builtSchema(document) instanceof BuiltinError);
}

/** GraphQL. Source: OPA's `topdown/graphql.go`. */
export const GRAPHQL: Family = {
  'graphql.parse_query': (_context: BuiltinContext, text: string): BuiltinOutcome =>
    attempt(() => prunedDocument(parseQuery(text))),
  'graphql.parse_schema': (_context: BuiltinContext, text: string): BuiltinOutcome =>
    attempt(() => prunedDocument(parseSchema(text))),
  'graphql.schema_is_valid': { call: isSchemaValid, checked: 0 },
};
