import Fastify from 'fastify';
import { expect, it } from 'vitest';
import type { ApiContext } from '../../src/http/http-api.ts';
import { OPERATIONS } from '../../src/http/openapi/document.ts';
import { ROUTES } from '../../src/http/routes.ts';

/** Registering asks nothing of the service yet. */
const CONTEXT = {
  service: { administration: { log: {}, approvals: {}, standing: {}, queries: {}, state: {} } },
};

it('the OpenAPI document has every route, and no other', () => {
  const app = Fastify();
  const served = new Set<string>();
  app.addHook('onRoute', ({ method, url, config }) => {
    // Pages for people are no part of the API.
    if (config?.page === true) return;
    for (const each of [method].flat()) if (each !== 'HEAD') served.add(`${each} ${url}`);
  });
  for (const register of ROUTES) register(app, CONTEXT as unknown as ApiContext);
  // A slash at the end is the same address to OPA's clients.
  served.delete('GET /v1/policies/');
  const described = OPERATIONS.map(
    ({ method, path }) =>
      `${method.toUpperCase()} ${path.replace('/{path}', '/*').replaceAll(/\{([a-z]+)\}/g, ':$1')}`,
  );
  expect(new Set(described).size).toBe(described.length);
  expect(described.sort(), 'add a row to packages/pdp/src/http/openapi for each route').toEqual(
    [...served].sort(),
  );
  expect(new Set(OPERATIONS.map(({ id }) => id)).size).toBe(OPERATIONS.length);
});
