import type { FastifyInstance } from 'fastify';
import { operatorProof } from './credentials.ts';
import { HttpError } from './error-body.ts';
import type { ApiContext } from './http-api.ts';

/** Answers without a credential: a caller learns from it whether to send one. */
export const PROOF_PATH = '/v1/operator-proof/';
/** A nonce of at least 128 bits, hex. */
const NONCE = /^[0-9a-f]{32,128}$/;

/** `GET /v1/operator-proof/NONCE`: shows that this service knows the operator's token, without telling it. */
export function registerOperatorProofRoute(app: FastifyInstance, context: ApiContext): void {
  app.get<{ Params: { nonce: string } }>(`${PROOF_PATH}:nonce`, async (request) => {
    const { operatorSha256 } = context.credentials;
    const { nonce } = request.params;
    if (operatorSha256 === undefined || !NONCE.test(nonce))
      throw new HttpError(404, 'not_found', 'no such endpoint');
    return { proof: operatorProof(operatorSha256, nonce) };
  });
}
