import { describe, expect, it } from 'vitest';
import {
  type Caller,
  createAuthenticator,
  createKey,
  hashToken,
  type IdentityProvider,
  staticKeys,
} from '../src/index.ts';
import { presented } from './presented.ts';

const ANA: Caller = { principal: { id: 'user:ana' }, actor: { id: 'agent:writer' } };
const NOBODY: Caller = { principal: { id: 'user:nobody' }, actor: { id: 'agent:nobody' } };

describe('static keys', () => {
  it('[P-IDENTITY-KEYS] prove the caller that is listed with them, and nobody else', async () => {
    const key = createKey();
    const authenticator = createAuthenticator({
      providers: [staticKeys([{ ...ANA, tokenHash: hashToken(key) }])],
    });
    const codes = async (authorization: string | string[]) => {
      const found = await authenticator.authenticate(presented({ authorization }));
      return found.ok ? found.caller : [found.status, found.refusal.code];
    };
    expect(await codes(`Bearer ${key}`)).toEqual(ANA);
    expect(await codes(`bearer ${key}`)).toEqual(ANA);
    expect(await codes(`Bearer ${createKey()}`)).toEqual([401, 'key_unknown']);
    expect(await codes(`Bearer ${key}x`)).toEqual([401, 'key_unknown']);
    expect(await codes('Bearer other-kind')).toEqual([401, 'unauthenticated']);
    for (const wrong of [
      '',
      'Bearer',
      key,
      `Basic ${key}`,
      `Bearer ${key}, Bearer x`,
      [`Bearer ${key}`, `Bearer ${key}`],
    ])
      expect(await codes(wrong)).toEqual([401, 'credential_malformed']);
  });

  it('[P-IDENTITY-KEYS] end when they expire', async () => {
    const key = createKey();
    let nowMs = 1_000;
    const provider = staticKeys([{ ...ANA, tokenHash: hashToken(key), expiresMs: 2_000 }], {
      now: () => nowMs,
    });
    const authenticator = createAuthenticator({ providers: [provider] });
    const credentials = presented({ authorization: `Bearer ${key}` });
    expect(await authenticator.authenticate(credentials)).toMatchObject({ ok: true });
    nowMs = 2_000;
    expect(await authenticator.authenticate(credentials)).toMatchObject({ refusal: { code: 'key_expired' } });
  });
});

describe('providers together', () => {
  const named = (
    name: string,
    judge: IdentityProvider['judge'],
    headers: string[] = [],
  ): IdentityProvider => ({
    name,
    headers,
    judge,
    challenge: () => `Bearer realm="${name}"`,
  });
  const knows = (token: string, name: string) =>
    named(name, (credentials) => {
      const [value] = credentials.header('authorization');
      if (value === undefined || !value.startsWith(`Bearer ${name}`)) return { kind: 'unrecognised' };
      return value === `Bearer ${token}`
        ? { kind: 'caller', caller: { ...ANA, actor: { id: name } } }
        : { kind: 'refused', refusal: { code: 'token_invalid', message: 'no' } };
    });

  it('[P-IDENTITY-FIRST] the first that recognises a credential decides; a wrong one is not tried elsewhere', async () => {
    const authenticator = createAuthenticator({
      providers: [
        knows('a1', 'a'),
        knows('b1', 'b'),
        named('all', () => ({ kind: 'caller', caller: NOBODY })),
      ],
    });
    const ask = (token: string) =>
      authenticator.authenticate(presented({ authorization: `Bearer ${token}` }));
    expect(await ask('a1')).toMatchObject({ ok: true, provider: 'a' });
    expect(await ask('b1')).toMatchObject({ ok: true, provider: 'b' });
    expect(await ask('a2')).toMatchObject({ ok: false, status: 401, challenges: ['Bearer realm="a"'] });
    expect(await ask('c')).toMatchObject({ ok: true, provider: 'all' });
  });

  it('[P-IDENTITY-ANONYMOUS] nobody is anonymous unless it is written down, and nobody who shows a credential', async () => {
    const provider = named('a', () => ({ kind: 'unrecognised' }), ['txn-token']);
    const closed = createAuthenticator({ providers: [provider] });
    expect(await closed.authenticate(presented())).toMatchObject({
      ok: false,
      status: 401,
      refusal: { code: 'unauthenticated' },
      challenges: ['Bearer realm="a"'],
    });
    const open = createAuthenticator({ providers: [provider], anonymous: NOBODY });
    expect(await open.authenticate(presented())).toMatchObject({
      ok: true,
      provider: 'anonymous',
      caller: NOBODY,
    });
    for (const headers of [
      { authorization: 'Bearer x' },
      { 'txn-token': 'x' },
      { dpop: 'x' },
      { authorization: '' },
    ])
      expect(await open.authenticate(presented(headers))).toMatchObject({ ok: false, status: 401 });
    const peer = { leaf: {} as never, intermediates: [], pathError: undefined };
    expect(await open.authenticate(presented({}, { peer }))).toMatchObject({ ok: false });
  });

  it('[P-IDENTITY-FAIL-CLOSED] a provider that fails proves nobody', async () => {
    const broken = named('broken', () => Promise.reject(new Error('secret detail')));
    const authenticator = createAuthenticator({ providers: [broken], anonymous: NOBODY });
    const found = await authenticator.authenticate(presented({ authorization: 'Bearer x' }));
    expect(found).toMatchObject({ ok: false, status: 503, refusal: { code: 'identity_unavailable' } });
    expect(JSON.stringify(found)).not.toContain('secret');
  });
});

describe('a chain of delegation', () => {
  const chain = (...ids: string[]): Caller => ({
    ...ANA,
    actor: { id: ids.at(-1) ?? '' },
    delegation: ids.map((id) => ({ id })),
  });
  const judge = async (caller: Caller, headers = {}, depthMax?: number) => {
    const provider: IdentityProvider = { name: 'fixed', judge: () => ({ kind: 'caller', caller }) };
    const authenticator = createAuthenticator({
      providers: [provider],
      delegation: depthMax === undefined ? {} : { depthMax },
    });
    const found = await authenticator.authenticate(presented(headers));
    return found.ok ? 'ok' : [found.status, found.refusal.code, found.refusal.caller === caller];
  };

  it('[P-DELEGATION-CHAIN] that is broken, loops or is too deep is refused with its own code', async () => {
    expect(await judge(chain('a', 'b', 'c'))).toBe('ok');
    expect(await judge({ ...chain('a', 'b'), actor: { id: 'c' } })).toEqual([403, 'delegation_broken', true]);
    expect(await judge({ ...ANA, delegation: [] })).toEqual([403, 'delegation_broken', true]);
    expect(await judge(chain('a', 'b', 'a'))).toEqual([403, 'delegation_loop', true]);
    expect(await judge(chain('1', '2', '3', '4', '5'))).toBe('ok');
    expect(await judge(chain('1', '2', '3', '4', '5', '6'))).toEqual([403, 'delegation_too_deep', true]);
    expect(await judge(chain('1', '2', '3'), {}, 2)).toEqual([403, 'delegation_too_deep', true]);
  });

  it('[P-DELEGATION-CLAIMED] a parent that is only claimed must be the one that is attested', async () => {
    const claims = { 'x-parent-agent-id': 'planner' };
    expect(await judge(chain('planner', 'finance'), claims)).toBe('ok');
    expect(await judge(chain('other', 'finance'), claims)).toEqual([403, 'parent_forged', true]);
    expect(await judge(chain('finance'), claims)).toEqual([403, 'parent_unattested', true]);
    expect(await judge(ANA, claims)).toEqual([403, 'parent_unattested', true]);
    expect(await judge(chain('planner', 'finance'), { 'parent-agent-id': ['planner', 'x'] })).toEqual([
      403,
      'parent_forged',
      true,
    ]);
  });
});
