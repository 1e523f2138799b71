import { type JsonObject, publishedSchemas } from '@writ/decision';
import { z } from 'zod';
import { APPROVAL_OPERATIONS, DECISION_OPERATIONS } from './decision-operations.ts';
import { type Answer, componentName, type Operation, TAGS } from './operation.ts';
import { OPERATION_OPERATIONS, POLICY_OPERATIONS, RECORD_OPERATIONS } from './operator-operations.ts';
import { SERVICE_OPERATIONS } from './service-operations.ts';
import { AUTHZEN_OPERATIONS, OPA_OPERATIONS } from './standard-operations.ts';

/** Every operation of the HTTP API; a test holds this table against the routes of the server. */
export const OPERATIONS: readonly Operation[] = [
  ...DECISION_OPERATIONS,
  ...APPROVAL_OPERATIONS,
  ...RECORD_OPERATIONS,
  ...POLICY_OPERATIONS,
  ...OPERATION_OPERATIONS,
  ...SERVICE_OPERATIONS,
  ...OPA_OPERATIONS,
  ...AUTHZEN_OPERATIONS,
];

const ERROR_SCHEMA = {
  type: 'object',
  properties: { code: { type: 'string' }, message: { type: 'string' } },
  required: ['code', 'message'],
} as const;

const MEANINGS = {
  anybody: 'Needs no credential.',
  point: 'Needs the credential of an enforcement point; in development on loopback, none.',
  approver: "Needs an approver's credential, or the operator's.",
  operator: "Needs the operator's credential.",
} as const;

/**
 * The HTTP API as an OpenAPI 3.1 document, made from the schemas by which requests are validated and the table of
 * operations. (https://spec.openapis.org/oas/v3.1.1.html)
 */
export function openapiDocument(version: string): JsonObject {
  const components: Record<string, unknown> = { Error: ERROR_SCHEMA };
  for (const [name, { $schema: _, $id: __, ...schema }] of Object.entries(publishedSchemas()))
    components[componentName(name)] = schema;
  const paths: Record<string, Record<string, unknown>> = {};
  for (const operation of OPERATIONS) {
    const at = paths[operation.path] ?? {};
    at[operation.method] = operationObject(operation, components);
    paths[operation.path] = at;
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Writ',
      version,
      description: 'Decides what AI agents may do, before it takes effect, on a tamper-evident record.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    security: [{ bearer: [] }],
    paths,
    components: {
      schemas: components,
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
    },
  } as unknown as JsonObject;
}

function operationObject(operation: Operation, components: Record<string, unknown>): object {
  const { id, tag, summary, audience, body, query = {}, path, answers } = operation;
  const inPath = [...path.matchAll(/\{([a-z]+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const inQuery = Object.entries(query).map(([name, schema]) => ({
    name,
    in: 'query',
    schema: schemaOf(schema, components),
  }));
  const content = (type: string, schema: z.ZodType) => ({
    [type]: { schema: schemaOf(schema, components) },
  });
  const answered = ([status, answer]: [string, Answer]) => {
    const { description, schema, type = 'application/json', types = [type] } = answer;
    const contents = schema === undefined ? [] : types.map((each) => content(each, schema));
    return [
      status,
      {
        description,
        ...(contents.length === 0 ? {} : { content: Object.assign({}, ...contents) as object }),
      },
    ];
  };
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: MEANINGS[audience],
    ...(audience === 'operator' || audience === 'approver'
      ? {}
      : { security: audience === 'anybody' ? [{}] : [{ bearer: [] }, {}] }),
    ...(inPath.length + inQuery.length === 0 ? {} : { parameters: [...inPath, ...inQuery] }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: body.isOptional !== true,
            content: content(body.type ?? 'application/json', body.schema),
          },
        }),
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(answered)),
      default: {
        description: 'What is wrong, with a code',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  };
}

/** The JSON Schema of a validator; named ones go to the components once, and are referred to. */
function schemaOf(schema: z.ZodType, components: Record<string, unknown>): object {
  const {
    $schema: _,
    $defs = {},
    ...made
  } = z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' });
  for (const [name, definition] of Object.entries($defs)) {
    const { id: __, ...rest } = definition as { id?: string };
    components[name] = rest;
  }
  // A schema that is named itself comes whole; it too is only referred to.
  if (typeof made['id'] === 'string') {
    const { id, ...rest } = made as { id: string };
    components[id] = rest;
    return { $ref: `#/components/schemas/${id}` };
  }
  return relocated(made) as object;
}

/** References to definitions of one schema, as references to components. */
function relocated(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(relocated);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      key === '$ref' && typeof member === 'string'
        ? member.replace('#/$defs/', '#/components/schemas/')
        : relocated(member),
    ]),
  );
}
