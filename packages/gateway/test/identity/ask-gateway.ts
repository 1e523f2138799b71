import { createAuthenticator, type IdentityProvider } from '@writ/identity';
import type { McpGatewayOptions } from '../../src/index.ts';
import { callText, fixtureUpstream, post, type RawAnswer, startGateway } from '../start-gateway.ts';
import { startPoint } from '../start-point.ts';

/** Tells in its reason who is asking, so that a test can hold it against what was proved. */
export const WHO = `package agent

decision := {"outcome": "deny", "reason": "who", "metadata": {"alternatives": [input.principal, input.actor, object.get(input, "delegation", [])]}}
`;
export const ALLOW = 'package agent\n\ndecision := {"outcome": "allow", "reason": "ok"}\n';

export interface Asked {
  readonly status: number;
  /** Code of a refusal by identity; undefined where the caller was named. */
  readonly code: string | undefined;
  readonly challenge: string | undefined;
  readonly answer: RawAnswer;
}

/** A running gateway with these providers before a real decision point; calls of `echo` by raw HTTP. */
export async function openIdentity(
  providers: readonly IdentityProvider[],
  { rego = ALLOW, ...more }: Partial<McpGatewayOptions> & { rego?: string } = {},
) {
  const { service, entries } = await startPoint({ rego });
  const authenticator = createAuthenticator({ providers });
  const { url } = await startGateway(service, [fixtureUpstream()], { authenticator, ...more });
  const ask = async (
    headers: Readonly<Record<string, string | undefined>>,
    tool = 'echo',
    meta = '',
  ): Promise<Asked> => {
    const answer = await post(url, callText(tool, '{}', meta), { authorization: undefined, ...headers });
    return { ...askedOf(answer), answer };
  };
  /** Codes on record beside decisions, in order. */
  const refusals = async () =>
    (await entries()).flatMap(({ core }) => (core.kind === 'malformed' ? (core.codes ?? []) : []));
  /** Who is on record as having asked for something, decided or refused. */
  const decided = async () => (await entries()).filter(({ core }) => core.kind === 'decision');
  return { url, ask, refusals, decided, entries };
}

function askedOf(answer: RawAnswer): Omit<Asked, 'answer'> {
  const found = /"message":"([a-z_]+): /.exec(answer.text);
  const challenge = answer.headers['www-authenticate'];
  return {
    status: answer.status,
    code: answer.status === 200 ? undefined : found?.[1],
    challenge: Array.isArray(challenge) ? challenge.join(', ') : challenge,
  };
}
