import { moduleToAst, parseModule } from '@writ/rego';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpError } from '../error-body.ts';
import {
  type ApiContext,
  isOperator,
  mayAskAnyRule,
  requireKnownCaller,
  requireOperator,
} from '../http-api.ts';
import { sendJson } from './annexes.ts';
import { registerDataWrites } from './data-writes.ts';
import { requireWriter, settle } from './writer.ts';

interface IdParams {
  readonly Params: { readonly '*': string };
}

/**
 * OPA's policies: reading them for the operator; writing them and data where `writ.yaml` turns that on, for the
 * operator, each write on record. (https://www.openpolicyagent.org/docs/rest-api#policy-api)
 */
export function registerOpaPolicyRoutes(app: FastifyInstance, context: ApiContext): void {
  // With a slash at the end as well: OPA's clients ask so.
  for (const path of ['/v1/policies', '/v1/policies/'])
    app.get(path, async (request, reply) => {
      // Clients ask this to see whether there is an OPA: names are for whoever may decide, sources are not.
      requireKnownCaller(request, context);
      const shown = mayReadSources(request, context) ? shownPolicy : ({ id }: ActivePolicy) => ({ id });
      return sendJson(request, reply, { result: policiesOf(context).map(shown) });
    });
  app.get<IdParams>('/v1/policies/*', async (request, reply) => {
    if (!mayReadSources(request, context)) requireOperator(request, context);
    const id = request.params['*'];
    const found = policiesOf(context).find((policy) => policy.id === id);
    if (found === undefined) throw unknownPolicy(id);
    return sendJson(request, reply, { result: shownPolicy(found) });
  });
  app.put<IdParams>('/v1/policies/*', async (request, reply) => {
    const { by, writes } = requireWriter(request, context);
    const { body } = request;
    const text = Buffer.isBuffer(body) ? readText(body) : '';
    const id = request.params['*'];
    if (text.trim() === '')
      throw new HttpError(400, 'invalid_parameter', `${id}:0: rego_parse_error: empty module`);
    settle(await writes.putPolicy(id, text, by));
    return sendJson(request, reply, {});
  });
  app.delete<IdParams>('/v1/policies/*', async (request, reply) => {
    const { by, writes } = requireWriter(request, context);
    const id = request.params['*'];
    settle(await writes.deletePolicy(id, by));
    return sendJson(request, reply, {});
  });
  registerDataWrites(app, context);
}

function readText(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new HttpError(400, 'invalid_parameter', 'the policy is not UTF-8');
  }
}

interface ActivePolicy {
  readonly id: string;
  readonly text: string;
  readonly version: 0 | 1;
}

/** Those of bundles are named by bundle and file; those written over this API by the name that they were given. */
function policiesOf({ policies, writes }: ApiContext): readonly ActivePolicy[] {
  return (policies()?.bundles ?? []).flatMap(({ name, modules }) =>
    modules.map(({ file, text, version }) => ({
      id: writes?.bundle === name ? writes.idOf(file) : `${name}/${file}`,
      text,
      version,
    })),
  );
}

function shownPolicy({ id, text, version }: ActivePolicy): object {
  const { module } = parseModule(text, { file: id, version });
  return {
    id,
    raw: text,
    ...(module === undefined ? {} : { ast: moduleToAst(module, { comments: false }) }),
  };
}

function unknownPolicy(id: string): HttpError {
  return new HttpError(404, 'resource_not_found', `storage_not_found_error: policy id "${id}"`);
}

/** Sources of policies are for who may evaluate any rule. */
function mayReadSources(request: FastifyRequest, context: ApiContext): boolean {
  if (request.headers.authorization === undefined) return mayAskAnyRule(context);
  return isOperator(request, context);
}
