import type { FastifyInstance } from 'fastify';
import type { ApiContext } from './http-api.ts';
import { openapiDocument } from './openapi/document.ts';

/** Needs no credential: it says what can be asked of any such service, and nothing of this one but its version. */
export const OPENAPI_PATH = '/openapi.json';

/** `GET /openapi.json`: this API as an OpenAPI 3.1 document. */
export function registerOpenapiRoute(app: FastifyInstance, { version }: ApiContext): void {
  // Made when first asked for: most services never are.
  let text: string | undefined;
  app.get(OPENAPI_PATH, (_request, reply) => {
    text ??= JSON.stringify(openapiDocument(version));
    return reply.type('application/json; charset=utf-8').send(text);
  });
}
