import type { FastifyInstance } from 'fastify';
import { type ApiContext, requireOperator } from './http-api.ts';
import { flag } from './opa/annexes.ts';
import { DEFAULT_DECISION } from './opa/data-routes.ts';

/** Answer without a credential: they say whether the service can be asked, and nothing else. */
export const HEALTH_PATHS = ['/health', '/readyz'] as const;

/**
 * Whether the service is there (`/health`, as OPA has it) and can decide (`/readyz`, `/health?bundles`); for whoever may
 * decide, what policies say of it (`/health/PATH`: the rule `data.system.health.PATH`); and, for the operator, OPA's `/v1/config` and `/v1/status`, as far as they say something about this service.
 */
export function registerHealthRoutes(app: FastifyInstance, context: ApiContext): void {
  app.get('/health', async (request, reply) => {
    const policies = context.policies() !== undefined;
    // OPA's own name for the switch, and the one it had before.
    const asked = flag(request, 'bundles') || flag(request, 'bundle');
    if (asked && !policies) return reply.code(500).send({ error: 'no policies are active' });
    return { status: 'ok', policies };
  });
  app.get<{ readonly Params: { readonly '*': string } }>('/health/*', async (request, reply) => {
    const steps = request.params['*'].split('/');
    const name = ['data', 'system', 'health', ...steps].join('.');
    const answer = await context.service.administration.health(steps.join('/'));
    if (answer.kind === 'value' && answer.value === true) return {};
    const what = answer.kind === 'undefined' ? 'was undefined' : 'returned unexpected value';
    const error = answer.kind === 'error' ? answer.message : `health check (${name}) ${what}`;
    return reply.code(500).send({ error });
  });
  app.get('/readyz', async (_request, reply) =>
    context.policies() === undefined
      ? reply.code(503).send({ code: 'policy_engine_unavailable', message: 'no policies are active' })
      : { status: 'ready' },
  );
  app.get('/v1/config', async (request) => {
    requireOperator(request, context);
    return { result: { default_decision: `/${DEFAULT_DECISION}` } };
  });
  app.get('/v1/status', async (request) => {
    requireOperator(request, context);
    const bundles = context.policies()?.bundles ?? [];
    return {
      result: {
        bundles: Object.fromEntries(
          bundles.map(({ name, revision }) => [name, { name, active_revision: revision }]),
        ),
      },
    };
  });
}
