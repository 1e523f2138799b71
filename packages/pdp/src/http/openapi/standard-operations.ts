import { z } from 'zod';
import { FILTER_MEDIA_TYPES } from '../opa/filters/targets.ts';
import { anyJson, anyObject, flagText, type Operation, ok, text } from './operation.ts';

const annexes = {
  pretty: flagText,
  provenance: flagText,
  metrics: flagText,
  instrument: flagText,
  explain: text,
};
const answer = z
  .looseObject({ decision_id: text.optional(), result: anyJson.optional() })
  .meta({ id: 'OpaAnswer' });
const input = z.looseObject({ input: anyJson.optional() });
const answered = ok('`result`; none where the document is undefined', answer);
const strict = { 'strict-builtin-errors': flagText };

type Part = Pick<Operation, 'method' | 'path' | 'id' | 'summary' | 'audience' | 'answers'> &
  Partial<Pick<Operation, 'query' | 'body'>>;
const opa = (part: Part): Operation => ({ tag: 'opa', ...part });

/** A path of its own, and the same for the root of the documents. */
const rooted = (path: string, part: Omit<Part, 'path'>): Operation[] => [
  opa({ ...part, path: `${path}/{path}` }),
  opa({ ...part, path, id: `${part.id}Root` }),
];

const written = { 204: { description: 'It is in force' } };
const policy = z.looseObject({ id: text, raw: text.optional(), ast: anyJson.optional() });

/** OPA's REST API (https://www.openpolicyagent.org/docs/rest-api); its documents are open. */
export const OPA_OPERATIONS: readonly Operation[] = [
  ...rooted('/v1/data', {
    method: 'get',
    id: 'getData',
    summary: 'Decide by an entrypoint, or evaluate a document',
    audience: 'point',
    query: { input: text, ...annexes, ...strict },
    answers: answered,
  }),
  ...rooted('/v1/data', {
    method: 'post',
    id: 'postData',
    summary: 'Decide by an entrypoint, or evaluate a document, with input',
    audience: 'point',
    query: { ...annexes, ...strict },
    body: { schema: input, isOptional: true },
    answers: answered,
  }),
  ...rooted('/v1/data', {
    method: 'put',
    id: 'putData',
    summary: 'Write a document, where writes are turned on',
    audience: 'operator',
    body: { schema: anyJson },
    answers: written,
  }),
  ...rooted('/v1/data', {
    method: 'patch',
    id: 'patchData',
    summary: 'Change a document by a JSON Patch, where writes are turned on',
    audience: 'operator',
    body: { schema: z.array(z.looseObject({ op: z.enum(['add', 'remove', 'replace']), path: text })) },
    answers: written,
  }),
  ...rooted('/v1/data', {
    method: 'delete',
    id: 'deleteData',
    summary: 'Delete a document, where writes are turned on',
    audience: 'operator',
    answers: written,
  }),
  opa({
    method: 'post',
    path: '/v0/data/{path}',
    id: 'postDataV0',
    summary: 'The older form: the body is the input, the answer the value alone',
    audience: 'point',
    body: { schema: anyJson, isOptional: true },
    answers: ok('The value', anyJson),
  }),
  opa({
    method: 'post',
    path: '/',
    id: 'defaultDecision',
    summary: 'The document `system/main`, in the older form',
    audience: 'point',
    body: { schema: anyJson, isOptional: true },
    answers: ok('The value', anyJson),
  }),
  ...rooted('/v1/batch/data', {
    method: 'post',
    id: 'batch',
    summary: 'Several inputs for one path',
    audience: 'point',
    query: annexes,
    body: { schema: z.looseObject({ inputs: z.record(text, anyJson), common_input: anyJson.optional() }) },
    answers: ok('An answer for each', z.looseObject({ batch_decision_id: text, responses: anyObject })),
  }),
  opa({
    method: 'get',
    path: '/v1/query',
    id: 'getQuery',
    summary: 'Evaluate a query',
    audience: 'operator',
    query: { q: text, ...annexes },
    answers: answered,
  }),
  opa({
    method: 'post',
    path: '/v1/query',
    id: 'postQuery',
    summary: 'Evaluate a query, with input',
    audience: 'operator',
    query: annexes,
    body: { schema: z.looseObject({ query: text, input: anyJson.optional() }) },
    answers: answered,
  }),
  opa({
    method: 'post',
    path: '/v1/compile',
    id: 'compile',
    summary: 'What is left of a query once what is known is worked in',
    audience: 'operator',
    query: annexes,
    body: {
      schema: z.strictObject({
        query: text,
        input: anyJson.optional(),
        unknowns: z.array(text).nullable().optional(),
        options: anyObject.optional(),
      }),
    },
    answers: answered,
  }),
  opa({
    method: 'post',
    path: '/v1/compile/{path}',
    id: 'compileFilter',
    summary: 'What a rule leaves open about unknown rows, as UCAST or SQL by `Accept`',
    audience: 'operator',
    query: annexes,
    body: {
      schema: z.looseObject({
        input: anyJson.optional(),
        unknowns: z.array(text).nullable().optional(),
        options: anyObject.optional(),
      }),
    },
    answers: {
      200: {
        description: '`result` with `query`, and `masks` where columns are to be hidden; no `result`: no row',
        schema: z.looseObject({
          result: z.looseObject({ query: anyJson.optional(), masks: anyObject.optional() }).optional(),
        }),
        types: FILTER_MEDIA_TYPES,
      },
    },
  }),
  opa({
    method: 'get',
    path: '/v1/policies',
    id: 'listPolicies',
    summary: 'Active policies; their sources are for the operator',
    audience: 'point',
    answers: ok('Policies', z.looseObject({ result: z.array(policy) })),
  }),
  opa({
    method: 'get',
    path: '/v1/policies/{path}',
    id: 'getPolicy',
    summary: 'One policy with its source',
    audience: 'operator',
    answers: ok('The policy', z.looseObject({ result: policy })),
  }),
  opa({
    method: 'put',
    path: '/v1/policies/{path}',
    id: 'putPolicy',
    summary: 'Write a policy, where writes are turned on',
    audience: 'operator',
    body: { schema: text, type: 'text/plain' },
    answers: ok('It is in force', z.looseObject({})),
  }),
  opa({
    method: 'delete',
    path: '/v1/policies/{path}',
    id: 'deletePolicy',
    summary: 'Delete a policy, where writes are turned on',
    audience: 'operator',
    answers: ok('It is gone', z.looseObject({})),
  }),
  opa({
    method: 'get',
    path: '/v1/config',
    id: 'config',
    summary: "OPA's configuration, as far as it says something about this service",
    audience: 'operator',
    answers: ok('Configuration', z.looseObject({ result: anyObject })),
  }),
  opa({
    method: 'get',
    path: '/v1/status',
    id: 'status',
    summary: "OPA's status, as far as it says something about this service",
    audience: 'operator',
    answers: ok('Status', z.looseObject({ result: anyObject })),
  }),
];

const entity = z.looseObject({ type: text, id: text, properties: anyObject.optional() });
const action = z.looseObject({ name: text, properties: anyObject.optional() });
const evaluation = z.looseObject({
  subject: entity,
  action,
  resource: entity,
  context: anyObject.optional(),
});
const evaluated = z
  .strictObject({ decision: z.boolean(), context: anyObject.optional() })
  .meta({ id: 'Evaluation' });

const page = z.looseObject({ token: text.optional(), limit: z.int().nonnegative().optional() }).optional();
const searched = z.strictObject({
  page: z.strictObject({ next_token: text, count: z.int() }).optional(),
  results: z.array(anyObject),
});
const sought = z.looseObject({ type: text, properties: anyObject.optional() });
const search = (kind: 'subject' | 'resource' | 'action', schema: z.ZodType): Operation => ({
  method: 'post',
  path: `/access/v1/search/${kind}`,
  id: `search${kind[0]?.toUpperCase()}${kind.slice(1)}s`,
  tag: 'authzen',
  summary: `Which ${kind}s would be permitted, of those that are known by name`,
  audience: 'point',
  body: { schema },
  answers: ok('What was found', searched),
});

const task = z
  .strictObject({
    task: z.looseObject({ id: text, status: text, status_endpoint: text }),
    result: anyObject.optional(),
  })
  .meta({ id: 'AccessRequestTask' });

/** OpenID AuthZEN Authorization API 1.0. */
export const AUTHZEN_OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/.well-known/authzen-configuration',
    id: 'authzenConfiguration',
    tag: 'authzen',
    summary: 'Where AuthZEN is asked',
    audience: 'anybody',
    answers: ok('Metadata', z.looseObject({ policy_decision_point: text, access_evaluation_endpoint: text })),
  },
  {
    method: 'post',
    path: '/access/v1/evaluation',
    id: 'evaluate',
    tag: 'authzen',
    summary: 'One access evaluation',
    audience: 'point',
    body: { schema: evaluation },
    answers: ok('A decision', evaluated),
  },
  {
    method: 'post',
    path: '/access/v1/evaluations',
    id: 'evaluateSeveral',
    tag: 'authzen',
    summary: 'Several access evaluations, with what they share named once',
    audience: 'point',
    body: { schema: evaluation.partial().extend({ evaluations: z.array(anyObject).optional() }) },
    answers: ok(
      'Decisions in order',
      z.union([z.strictObject({ evaluations: z.array(evaluated) }), evaluated]),
    ),
  },
  search(
    'subject',
    z.looseObject({ subject: sought, action, resource: entity, context: anyObject.optional(), page }),
  ),
  search(
    'resource',
    z.looseObject({ subject: entity, action, resource: sought, context: anyObject.optional(), page }),
  ),
  search('action', z.looseObject({ subject: entity, resource: entity, context: anyObject.optional(), page })),
  {
    method: 'get',
    path: '/access/v1/jwks',
    id: 'authzenKeys',
    tag: 'authzen',
    summary: 'Keys that bindings of denials are verified by',
    audience: 'anybody',
    answers: ok('Keys (RFC 7517)', z.looseObject({ keys: z.array(anyObject) })),
  },
  {
    method: 'post',
    path: '/access/v1/requests',
    id: 'requestAccess',
    tag: 'authzen',
    summary: 'Ask people about what was denied',
    audience: 'point',
    body: {
      schema: evaluation.extend({
        denial: z.looseObject({ binding_token: text }),
        callback: z
          .strictObject({ endpoint: text, state: z.unknown(), events: z.array(text) })
          .partial({ state: true, events: true })
          .optional(),
      }),
    },
    answers: {
      201: { description: 'Decided already', schema: task },
      202: { description: 'People are asked', schema: task },
    },
  },
  {
    method: 'get',
    path: '/access/v1/requests/{id}',
    id: 'accessRequest',
    tag: 'authzen',
    summary: 'What became of an access request',
    audience: 'point',
    answers: ok('The request', task),
  },
  {
    method: 'post',
    path: '/access/v1/requests/{id}/cancel',
    id: 'cancelAccessRequest',
    tag: 'authzen',
    summary: 'Take an access request back',
    audience: 'point',
    body: { schema: anyObject, isOptional: true },
    answers: ok('The request', task),
  },
];
