import { createAuthenticator, hashToken, oauthProvider, staticKeys } from '@writ/identity';
import { describe, expect, it } from 'vitest';
import { DECISION_META_KEY } from '../../src/index.ts';
import { ALICE, BOB, fixtureUpstream, MODERN, startGateway, TOKENS } from '../start-gateway.ts';
import { startPoint } from '../start-point.ts';
import { openIdentity } from './ask-gateway.ts';
import { forge, testOutbound } from './start-issuer.ts';

const RESOURCE = 'https://gateway.example/mcp';
const ISSUER = 'https://issuer.example';
const STEP_UP = `package agent

decision := {"outcome": "step_up", "reason": "prove_it", "step_up_method": "passkey"} if {
	not input.context.step_up_verified
}

else := true
`;

const seconds = () => Math.floor(Date.now() / 1000);
const claims = (sid: string, jti: string, more: object = {}) => ({
  iss: ISSUER,
  aud: RESOURCE,
  sub: 'ana',
  client_id: 'writer',
  iat: seconds(),
  exp: seconds() + 300,
  sid,
  jti,
  ...more,
});
const passkey = (agoSeconds = 0) => ({ acr: 'passkey', auth_time: seconds() - agoSeconds });

describe('step-up by a token', () => {
  it('[P-STEP-UP-BOUND] is challenged, proved by `acr` and `auth_time`, and holds in that session alone', async () => {
    const keys = await forge();
    const provider = oauthProvider({
      name: 'corp',
      issuer: ISSUER,
      resource: RESOURCE,
      keys: { load: async () => keys.keys },
      outbound: testOutbound(),
    });
    const { ask, decided } = await openIdentity([provider], {
      rego: STEP_UP,
      refusals: { stepUp: 'challenge' },
    });
    const call = async (...token: Parameters<typeof claims>) =>
      ask({ authorization: `Bearer ${await keys.sign(claims(...token))}` });
    const plain = await call('one', 'a');
    expect(plain).toMatchObject({ status: 401 });
    expect(plain.challenge).toMatch(/insufficient_user_authentication.*acr_values="passkey"/);
    expect(plain.challenge).not.toContain('max_age');
    const stale = await call('one', 'b', passkey(3_600));
    expect(stale).toMatchObject({ status: 401 });
    const { error } = JSON.parse(stale.answer.text);
    expect(error.data[DECISION_META_KEY].step_up).toEqual({ method: 'passkey', max_age_seconds: 900 });
    expect(stale.challenge).toContain('max_age="900"');
    expect((await call('one', 'c', { acr: 'password', auth_time: seconds() })).status).toBe(401);
    expect((await call('one', 'd', { acr: 'passkey' })).status).toBe(401);
    expect((await call('one', 'e', passkey())).status).toBe(200);
    // The session has it now, also with a token that says nothing of it.
    expect((await call('one', 'f')).status).toBe(200);
    expect((await call('two', 'g')).status).toBe(401);
    // The token of the first session, as another session's.
    expect((await call('two', 'e', passkey())).status).toBe(401);
    const allowed = (await decided()).filter(({ core }) => core.outcome === 'allow');
    expect(allowed).toHaveLength(2);
    for (const { fields } of allowed)
      expect(fields).toMatchObject({ context: { step_up: { method: 'passkey' } } });
  });

  it('[P-GATEWAY-LIST-FILTERED] lists know of it: what a proof opens is shown to who brings it', async () => {
    const { service } = await startPoint({
      rego: 'package agent\n\nshown := input.context.step_up.method == "passkey"\n',
      entrypoints: [{ path: 'agent/shown', kind: 'visible', when: { phases: ['list'] } }],
    });
    const proof = { method: 'passkey', at: new Date().toISOString() };
    const providers = [
      staticKeys([
        { ...ALICE, stepUp: proof, tokenHash: hashToken(TOKENS.alice) },
        { ...BOB, tokenHash: hashToken(TOKENS.bob) },
      ]),
    ];
    const authenticator = createAuthenticator({ providers });
    const { connect } = await startGateway(service, [fixtureUpstream()], { authenticator });
    const names = async (token: string) => (await (await connect(MODERN, token)).listTools()).tools.length;
    expect([await names(TOKENS.alice), await names(TOKENS.bob)]).toEqual([expect.any(Number), 0]);
    expect(await names(TOKENS.alice)).toBeGreaterThan(0);
  });
});
