import { decisionAttributes, readTraceContext, type Tracer } from '@writ/telemetry';
import type { FastifyInstance, RouteHandlerMethod } from 'fastify';
import type { DecisionService, PointHandle } from '../pipeline/service.ts';
import { HttpError } from './error-body.ts';
import { HEALTH_PATHS } from './health-routes.ts';

/** What machines ask every few seconds is no work of anybody's. */
const UNSEEN: readonly string[] = [...HEALTH_PATHS, '/health/*', '/metrics'];

/**
 * Opens a span around the work of each route, named by method and route as the conventions for HTTP have it; the caller's
 * trace goes on. What is refused before its body was read has none. To be called before routes are registered.
 */
export function traceRequests(app: FastifyInstance, tracer: Tracer): void {
  app.addHook('onRoute', (route) => {
    if (UNSEEN.includes(route.url)) return;
    route.handler = traced(route.url, route.handler, tracer);
  });
}

function traced(route: string, handler: RouteHandlerMethod, tracer: Tracer): RouteHandlerMethod {
  return async function serve(request, reply) {
    const { method, headers } = request;
    const { traceparent, tracestate } = headers;
    const parent = readTraceContext({ traceparent, tracestate });
    let thrown: unknown;
    const facts = {
      kind: 'server',
      attributes: { 'http.request.method': method, 'http.route': route },
      ...(parent === undefined ? {} : { parent }),
    } as const;
    const answer = await tracer.span(`${method} ${route}`, facts, async (span) => {
      try {
        const answered: unknown = await handler.call(this, request, reply);
        span.set({ 'http.response.status_code': reply.statusCode });
        return answered;
      } catch (error) {
        // What a caller did wrong is no failure of this service.
        thrown = error;
        const status = error instanceof HttpError ? error.status : 500;
        span.set({ 'http.response.status_code': status });
        if (status >= 500) span.fail(error instanceof HttpError ? error.code : 'internal_error');
        return undefined;
      }
    });
    if (thrown !== undefined) throw thrown;
    return answer;
  };
}

/** The service with a span around each decision, whose outcome the request's span tells as well. */
export function tracedService(service: DecisionService, tracer: Tracer): DecisionService {
  return { ...service, as: (caller) => tracedPoint(service.as(caller), tracer) };
}

function tracedPoint(point: PointHandle, tracer: Tracer): PointHandle {
  const spanned = async <Made>(
    work: () => Promise<Made>,
    decisionOf: (made: Made) => Parameters<typeof decisionAttributes>[0],
  ): Promise<Made> => {
    const made = await tracer.span('writ.decide', {}, async (span) => {
      const decided = await work();
      span.set(decisionAttributes(decisionOf(decided)));
      return decided;
    });
    tracer.annotate(decisionAttributes(decisionOf(made)));
    return made;
  };
  return {
    ...point,
    decide: (call) =>
      spanned(
        () => point.decide(call),
        (made) => made,
      ),
    decideClaimed: (call, claimed) =>
      spanned(
        () => point.decideClaimed(call, claimed),
        (made) => made,
      ),
    decideRaw: (question) =>
      spanned(
        () => point.decideRaw(question),
        ({ decision }) => decision,
      ),
  };
}
