import { formatTlogProof } from '@writ/ledger';
import type { StateSubject } from '@writ/state';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpError } from './error-body.ts';
import { type ApiContext, requireOperator } from './http-api.ts';
import { queryText } from './reading.ts';

interface IdParams {
  readonly Params: { readonly id: string };
}

/** What the operator can look at beside decisions: sessions, budgets and proofs. */
export function registerLookRoutes(app: FastifyInstance, context: ApiContext): void {
  const { log, state } = context.service.administration;
  app.get('/v1/sessions', async (request) => {
    requireOperator(request, context);
    const subject = subjectOf(request);
    if (subject === undefined)
      throw new HttpError(400, 'request_invalid', '`principal` and `actor` are needed');
    return { context: await state.session(subject).catch(unavailable) };
  });
  app.get('/v1/budgets', async (request) => {
    requireOperator(request, context);
    return { budgets: await state.budgets(subjectOf(request)).catch(unavailable) };
  });
  app.get('/v1/log/checkpoint', async (request) => {
    requireOperator(request, context);
    const checkpoint = await log.checkpoint().catch(unavailable);
    if (checkpoint === undefined) throw new HttpError(404, 'not_found', 'nothing is signed yet');
    return { checkpoint };
  });
  app.get<IdParams>('/v1/log/:id/proof', async (request) => {
    requireOperator(request, context);
    const { id } = request.params;
    const entries = await log.show(id).catch(unavailable);
    if (entries.length === 0) throw new HttpError(404, 'not_found', `no entry of decision \`${id}\``);
    const proofs = await Promise.all(
      entries.map(async ({ index }) => {
        const proved = await log.prove(index).catch(unavailable);
        if (!proved.ok) throw new HttpError(409, 'not_signed', `${proved.message}; ask again in a second`);
        return { index, proof: formatTlogProof(proved.proof) };
      }),
    );
    return { proofs };
  });
}

function unavailable(): never {
  throw new HttpError(503, 'state_unavailable', 'the store cannot be read now');
}

/** Whose state is asked about: principal and actor together, the rest narrows. */
function subjectOf(request: FastifyRequest): StateSubject | undefined {
  const principal = queryText(request, 'principal');
  const actor = queryText(request, 'actor');
  if (principal === undefined && actor === undefined) return undefined;
  if (principal === undefined || actor === undefined)
    throw new HttpError(400, 'request_invalid', 'name both `principal` and `actor`');
  const subject: { -readonly [Key in keyof StateSubject]: StateSubject[Key] } = { principal, actor };
  for (const name of ['tenant', 'session_id', 'actor_class', 'tool'] as const) {
    const value = queryText(request, name);
    if (value !== undefined) subject[name] = value;
  }
  return subject;
}
