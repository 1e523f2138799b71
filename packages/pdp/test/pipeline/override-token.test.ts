import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt, SignJWT } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import { escalating } from './escalating.ts';
import { asRequest, type Fixture, openFixture, toolCall } from './support.ts';

let fixture: Fixture;
afterEach(() => fixture.close());

const RULES = escalating('pay', 'needs_a_person');

async function approved(args = { amount: 900 }): Promise<{ readonly id: string; readonly token: string }> {
  const asked = await fixture.point.decide(toolCall('pay', args));
  const id = asked.approval?.id ?? '';
  expect((await fixture.point.approval.get(id))?.override_token).toBeUndefined();
  await fixture.point.administration.approvals.approve(id, 'operator');
  const token = (await fixture.point.approval.get(id))?.override_token ?? '';
  return { id, token };
}

const withToken = (token: string, args = { amount: 900 }) => toolCall('pay', args, { override_token: token });

describe('the override token that an approval becomes', () => {
  it('names its call, and lets it through once', async () => {
    fixture = await openFixture(RULES);
    const { id, token } = await approved();
    expect(decodeJwt(token)).toMatchObject({
      sub: 'user:alice',
      act: { sub: 'agent:helper' },
      aud: 'in-process',
      approval_id: id,
      tool: 'pay',
      server: 'files',
      arg_hash: expect.stringMatching(/^sha256:/),
      policy: expect.stringMatching(/^sha256:/),
    });
    expect(await fixture.point.decide(withToken(token))).toMatchObject({
      outcome: 'allow',
      effect: 'proceed',
    });
    expect((await fixture.point.approval.get(id))?.override_token).toBeUndefined();
  });

  it('[P-OVERRIDE-REPLAY] is refused the second time', async () => {
    fixture = await openFixture(RULES);
    const { token } = await approved();
    await fixture.point.decide(withToken(token));
    expect(await fixture.point.decide(withToken(token))).toMatchObject({
      effect: 'refuse',
      reason: 'approval_used',
    });
  });

  it('[P-OVERRIDE-CONCURRENT] lets one of many through', async () => {
    fixture = await openFixture(RULES);
    const { token } = await approved();
    const all = await Promise.all(Array.from({ length: 20 }, () => fixture.point.decide(withToken(token))));
    expect(all.filter(({ effect }) => effect === 'proceed')).toHaveLength(1);
    for (const { effect, reasons } of all) {
      if (effect === 'refuse') expect(reasons.map(({ code }) => code)).toContain('approval_used');
    }
  });

  it('[P-OVERRIDE-ARGUMENTS] serves no other arguments', async () => {
    fixture = await openFixture(RULES);
    const { token } = await approved();
    expect(await fixture.point.decide(withToken(token, { amount: 901 }))).toMatchObject({
      effect: 'refuse',
      reason: 'approval_arguments_changed',
    });
    expect((await fixture.point.decide(withToken(token))).effect).toBe('proceed');
  });

  it('[P-OVERRIDE-EDIT] serves no form that policy made of the arguments after the approval', async () => {
    let redact = false;
    fixture = await openFixture([
      ...RULES,
      {
        path: 'test/redact',
        kind: 'guard',
        layer: 'compliance',
        rule: (input) =>
          redact && asRequest(input).action.args?.['amount'] !== '[REDACTED]'
            ? {
                outcome: 'sanitize',
                obligations: [{ type: 'redact', properties: { pointers: ['/amount'] } }],
              }
            : true,
        reads: [],
      },
    ]);
    const { token } = await approved();
    redact = true;
    expect(await fixture.point.decide(withToken(token))).toMatchObject({
      effect: 'refuse',
      reason: 'approval_form_changed',
    });
  });

  it('[P-OVERRIDE-EDIT] is void when the approval is taken back', async () => {
    fixture = await openFixture(RULES);
    const { id, token } = await approved();
    expect(await fixture.point.administration.approvals.revoke(id, 'operator')).toMatchObject({ ok: true });
    expect(await fixture.point.decide(withToken(token))).toMatchObject({
      effect: 'refuse',
      reason: 'approval_cancelled',
    });
  });

  it('[P-OVERRIDE-EXPIRED] ends within minutes of the approval', async () => {
    let nowMs = Date.now();
    fixture = await openFixture(RULES, { clock: { nowMs: () => nowMs }, limits: { overrideMs: 60_000 } });
    const { token } = await approved();
    const { exp = 0 } = decodeJwt(token);
    expect(exp * 1000 - nowMs).toBeLessThanOrEqual(60_000);
    nowMs += 61_000;
    expect(await fixture.point.decide(withToken(token))).toMatchObject({
      effect: 'refuse',
      reason: 'override_expired',
    });
  });

  it('[P-OVERRIDE-CALLER] serves no other principal, actor, tenant or enforcement point', async () => {
    fixture = await openFixture(RULES);
    const { token } = await approved();
    const call = withToken(token);
    const others = [
      { principal: { ...call.request.principal, id: 'user:mallory' } },
      { principal: { ...call.request.principal, tenant: 'other' } },
      { actor: { id: 'agent:other' } },
    ];
    for (const other of others) {
      expect(await fixture.point.decide({ ...call, request: { ...call.request, ...other } })).toMatchObject({
        effect: 'refuse',
        reason: 'approval_wrong_caller',
      });
    }
    const point = fixture.point.as({ pointId: 'elsewhere', mayAssert: {}, mode: 'enforce' });
    expect((await point.decide(call)).reason).toBe('approval_wrong_caller');
    expect((await fixture.point.decide(call)).effect).toBe('proceed');
  });

  it('[P-OVERRIDE-FORGED] counts only with the signature of this service, and only as what it is', async () => {
    fixture = await openFixture(RULES);
    const { id, token } = await approved();
    const claims = decodeJwt(token);
    const { privateKey } = generateKeyPairSync('ed25519');
    const forged = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'EdDSA', typ: 'writ-override+jwt' })
      .sign(privateKey);
    const [head = '', body = '', signature = ''] = token.split('.');
    const none = `${Buffer.from('{"alg":"none","typ":"writ-override+jwt"}').toString('base64url')}.${body}.`;
    const edited = Buffer.from(JSON.stringify({ ...claims, approval_id: 'apr-other' })).toString('base64url');
    for (const bad of [forged, none, `${head}.${edited}.${signature}`, 'nonsense', id]) {
      expect(await fixture.point.decide(withToken(bad))).toMatchObject({
        effect: 'refuse',
        reason: 'override_invalid',
      });
    }
    const two = { ...withToken(token), approval_id: 'apr-other' };
    expect((await fixture.point.decide(two)).reason).toBe('override_invalid');
  });

  it('[P-TOKENS-ON-RECORD] is on record when it is issued, used and revoked, and nothing of its text is', async () => {
    fixture = await openFixture(RULES);
    const first = await approved();
    await fixture.point.decide(withToken(first.token));
    const second = await approved({ amount: 1_000 });
    await fixture.point.administration.approvals.revoke(second.id, 'operator');
    const entries = await fixture.entries();
    const tokens = entries.filter(({ core }) => core.kind === 'token');
    expect(tokens.map(({ core }) => [core.event, core.approval_id])).toEqual([
      ['issued', first.id],
      ['issued', second.id],
      ['revoked', second.id],
    ]);
    const { jti } = decodeJwt(first.token);
    expect(tokens[0]?.fields).toMatchObject({
      token: { id: jti, type: 'override' },
      principal: 'user:alice',
    });
    const used = entries.find(({ core }) => core.kind === 'approval' && core.event === 'used');
    expect(used?.fields.token).toEqual({ id: jti, type: 'override' });
    expect(JSON.stringify(entries)).not.toContain(first.token.split('.')[2]);
  });
});
