import type { Json } from '@writ/decision';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { DataOperation } from '../../layers/written-data.ts';
import { HttpError } from '../error-body.ts';
import type { ApiContext } from '../http-api.ts';
import { requireWriter, settle } from './writer.ts';

/** OPA's writes of data: a document put, patched or deleted. (https://www.openpolicyagent.org/docs/rest-api#data-api) */
export function registerDataWrites(app: FastifyInstance, context: ApiContext): void {
  for (const url of ['/v1/data', '/v1/data/*']) {
    app.put(url, async (request, reply) => {
      const { by, writes } = requireWriter(request, context);
      const path = stepsOf(request);
      const { body } = request;
      if (body === undefined) throw invalid('body contains malformed input document: EOF');
      if (request.headers['if-none-match'] === '*' && writes.hasData(path)) return reply.code(304).send();
      settle(await writes.changeData([{ op: 'put', path, value: body as Json }], by));
      return reply.code(204).send();
    });
    app.patch(url, async (request, reply) => {
      const { by, writes } = requireWriter(request, context);
      const operations = patchOf(request.body, stepsOf(request));
      settle(await writes.changeData(operations, by));
      return reply.code(204).send();
    });
    app.delete(url, async (request, reply) => {
      const { by, writes } = requireWriter(request, context);
      settle(await writes.changeData([{ op: 'remove', path: stepsOf(request) }], by));
      return reply.code(204).send();
    });
  }
}

function stepsOf(request: FastifyRequest): readonly string[] {
  const path = (request.params as Readonly<Record<string, string>>)['*'] ?? '';
  return path.split('/').filter((step) => step !== '');
}

function invalid(message: string): HttpError {
  return new HttpError(400, 'invalid_parameter', message);
}

/** The operations of RFC 6902 that OPA has, below the path of the request. */
function patchOf(body: unknown, base: readonly string[]): readonly DataOperation[] {
  if (!Array.isArray(body)) throw invalid('the body is not a list of patch operations');
  return body.map((each): DataOperation => {
    const { op, path, value } = (each ?? {}) as { op?: unknown; path?: unknown; value?: Json };
    if (op !== 'add' && op !== 'remove' && op !== 'replace')
      throw invalid(`bad patch operation: ${String(op)}`);
    if (typeof path !== 'string' || (path !== '' && !path.startsWith('/')))
      throw invalid(`bad patch path: ${String(path)}`);
    const steps = path
      .split('/')
      .slice(1)
      .filter((step) => step !== '')
      .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
    if (op === 'remove') return { op, path: [...base, ...steps] };
    if (value === undefined) throw invalid(`patch operation \`${op}\` has no value`);
    return { op, path: [...base, ...steps], value };
  });
}
