import type { FastifyRequest } from 'fastify';

/** Bodies of these requests are texts of policies, not documents. */
export function isPolicyText({ method, url }: FastifyRequest): boolean {
  return method === 'PUT' && url.startsWith('/v1/policies/');
}
