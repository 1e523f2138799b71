import { createHash } from 'node:crypto';
import { type OAuthProviderOptions, oauthProvider, staticKeys } from '@writ/identity';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose';
import * as oauth from 'oauth4webapi';
import { describe, expect, it } from 'vitest';
import { openIdentity } from './ask-gateway.ts';
import { forge, startIssuer, testOutbound } from './start-issuer.ts';

const RESOURCE = 'https://gateway.example/mcp';
const METADATA = 'https://gateway.example/.well-known/oauth-protected-resource/mcp';
const ISSUER = 'https://issuer.example';
const nowSeconds = () => Math.floor(Date.now() / 1000);
const claimsOf = (more: Record<string, unknown> = {}) => ({
  iss: ISSUER,
  aud: RESOURCE,
  sub: 'ana',
  client_id: 'writer',
  scope: 'files:read',
  iat: nowSeconds(),
  exp: nowSeconds() + 300,
  jti: 'j',
  ...more,
});

/** A gateway that trusts one key as `ISSUER`'s. */
async function openForged(more: Partial<OAuthProviderOptions> = {}) {
  const keys = await forge();
  const provider = oauthProvider({
    name: 'corp',
    issuer: ISSUER,
    resource: RESOURCE,
    resourceMetadata: METADATA,
    keys: { load: async () => keys.keys },
    outbound: testOutbound(),
    ...more,
  });
  const opened = await openIdentity([provider]);
  const withToken = (token: string, scheme = 'Bearer') => opened.ask({ authorization: `${scheme} ${token}` });
  return { ...opened, keys, withToken };
}

describe('bearer tokens of a real OpenID provider', () => {
  it('[P-OAUTH-VERIFIED] name principal, actor, scopes and session; keys rotate without a refused call', async () => {
    const issuer = await startIssuer([
      { id: 'helper', claims: { tenant: 'acme', groups: ['finance'], txn: 't-1' } },
    ]);
    let nowMs = Date.now();
    const provider = oauthProvider({
      name: 'corp',
      issuer: issuer.issuer,
      resource: RESOURCE,
      claims: { principal: 'service:{sub}', actor: 'agent:{client_id}', tenant: 'tenant', groups: 'groups' },
      outbound: testOutbound(),
      now: () => nowMs,
    });
    const { ask, decided } = await openIdentity([provider]);
    const call = async (scope: string) =>
      ask({ authorization: `Bearer ${await issuer.token('helper', RESOURCE, { scope })}` });
    expect((await call('files:read')).status).toBe(200);
    const [entry] = await decided();
    const fields = Object.fromEntries(Object.entries(entry?.fields ?? {}));
    expect(JSON.stringify(fields)).toContain('service:helper');
    expect(JSON.stringify(fields)).toContain('agent:helper');
    expect(JSON.stringify(fields)).toContain('acme');

    await issuer.rotate();
    nowMs += 6_000;
    expect((await call('files:read')).status).toBe(200);
  });

  it('[P-OAUTH-OUTAGE] an issuer that is down is bridged by kept keys until they are too old, then nobody is let in', async () => {
    const issuer = await startIssuer([{ id: 'helper' }]);
    let nowMs = Date.now();
    const provider = oauthProvider({
      name: 'corp',
      issuer: issuer.issuer,
      resource: RESOURCE,
      outbound: testOutbound(),
      keysRefreshSeconds: 10,
      keysAgeSecondsMax: 60,
      now: () => nowMs,
    });
    const { ask } = await openIdentity([provider]);
    const token = await issuer.token('helper', RESOURCE);
    const call = () => ask({ authorization: `Bearer ${token}` });
    expect((await call()).status).toBe(200);
    await issuer.stop();
    nowMs += 30_000;
    expect((await call()).status).toBe(200);
    nowMs += 31_000;
    expect(await call()).toMatchObject({ status: 503, code: 'identity_unavailable' });
    await issuer.start();
    nowMs += 6_000;
    // It is back with other keys: the old token is no longer good, a new one is.
    expect((await call()).code).toBe('token_key_unknown');
    expect((await ask({ authorization: `Bearer ${await issuer.token('helper', RESOURCE)}` })).status).toBe(
      200,
    );
  });

  it('[P-OAUTH-AUDIENCE] a token for another resource is refused', async () => {
    const issuer = await startIssuer([{ id: 'helper' }]);
    const provider = oauthProvider({
      name: 'corp',
      issuer: issuer.issuer,
      resource: RESOURCE,
      outbound: testOutbound(),
    });
    const { ask } = await openIdentity([provider]);
    const other = await issuer.token('helper', 'https://other.example/mcp');
    expect(await ask({ authorization: `Bearer ${other}` })).toMatchObject({
      status: 401,
      code: 'token_audience_mismatch',
    });
  });

  it('[P-OAUTH-DPOP] a token that is bound to a key needs a fresh proof of it, as real clients make them', async () => {
    const issuer = await startIssuer([{ id: 'bound', dpop: true }]);
    const provider = oauthProvider({
      name: 'corp',
      issuer: issuer.issuer,
      resource: RESOURCE,
      outbound: testOutbound(),
    });
    const { ask } = await openIdentity([provider]);
    const pair = await oauth.generateKeyPair('ES256', { extractable: true });
    const client = oauth.DPoP({}, pair);
    // The client's own request, caught before it leaves for an address that only the gateway believes in.
    const prove = async (token: string) => {
      let made = '';
      const caught = async (_url: string, { headers }: { headers: Record<string, string> }) => {
        made = headers['dpop'] ?? '';
        return new Response('{}');
      };
      const options = { DPoP: client, [oauth.customFetch]: caught };
      const url = new URL(RESOURCE);
      await oauth.protectedResourceRequest(token, 'POST', url, new Headers(), '{}', options as never);
      return made;
    };
    const jwk = await exportJWK(pair.publicKey);
    const forToken = await new SignJWT({
      jti: 'first',
      htm: 'POST',
      htu: issuer.tokenEndpoint,
      iat: nowSeconds(),
    })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk })
      .sign(pair.privateKey);
    const token = await issuer.token('bound', RESOURCE, { dpop: forToken });
    const proof = await prove(token);
    expect((await ask({ authorization: `DPoP ${token}`, dpop: proof })).status).toBe(200);
    expect(await ask({ authorization: `DPoP ${token}`, dpop: proof })).toMatchObject({
      status: 401,
      code: 'dpop_replayed',
    });
    const stolen = await ask({ authorization: `Bearer ${token}` });
    expect(stolen).toMatchObject({ status: 401, code: 'dpop_required' });
    expect(stolen.challenge).toMatch(/^DPoP .*algs="/);
  });
});

describe('tokens that do not hold', () => {
  it('[P-OAUTH-VERIFIED] each is refused with its own code, and reaches no policy', async () => {
    const { keys, withToken, entries } = await openForged();
    const other = await forge();
    const cases: readonly (readonly [code: string, token: string])[] = [
      ['token_invalid', await other.sign(claimsOf())],
      ['token_invalid', `${(await keys.sign(claimsOf())).slice(0, -6)}AAAAAA`],
      ['token_expired', await keys.sign(claimsOf({ exp: nowSeconds() - 60 }))],
      ['token_not_yet_valid', await keys.sign(claimsOf({ nbf: nowSeconds() + 120 }))],
      ['token_not_yet_valid', await keys.sign(claimsOf({ iat: nowSeconds() + 120 }))],
      ['token_audience_mismatch', await keys.sign(claimsOf({ aud: 'https://gateway.example/mcp/other' }))],
      ['token_audience_mismatch', await keys.sign(claimsOf({ aud: ['https://gateway.example'] }))],
      ['token_claims_missing', await keys.sign(claimsOf({ exp: undefined }))],
      ['token_claims_missing', await keys.sign(claimsOf({ sub: undefined }))],
      ['token_claims_missing', await keys.sign(claimsOf({ aud: undefined }))],
      ['token_key_unknown', await keys.sign(claimsOf(), { kid: 'never-seen' })],
      ['token_type_refused', await keys.sign(claimsOf(), { typ: 'dpop+jwt' })],
      ['token_type_refused', await keys.sign(claimsOf(), { typ: 'logout+jwt' })],
      ['unauthenticated', await keys.sign(claimsOf({ iss: 'https://issuer.example/' }))],
      ['unauthenticated', 'not-a-token'],
    ];
    for (const [code, token] of cases) {
      const asked = await withToken(token);
      expect([asked.status, asked.code]).toEqual([401, code]);
      expect(asked.challenge).toContain(`resource_metadata="${METADATA}"`);
    }
    const skewed = claimsOf({ exp: nowSeconds() - 10, nbf: nowSeconds() + 10 });
    expect((await withToken(await keys.sign(skewed))).status).toBe(200);
    expect((await entries()).map(({ core }) => core.kind)).toEqual(['decision', 'result']);
  });

  it('[P-OAUTH-ALGORITHM] no signature, and a public key taken for a secret, are refused', async () => {
    const { keys, withToken } = await openForged();
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const none = `${encode({ alg: 'none', typ: 'at+jwt' })}.${encode(claimsOf())}.`;
    const secret = new TextEncoder().encode(JSON.stringify(keys.jwk));
    const confused = await new SignJWT(claimsOf())
      .setProtectedHeader({ alg: 'HS256', kid: 'k' })
      .sign(secret);
    for (const token of [none, confused])
      expect(await withToken(token)).toMatchObject({ status: 401, code: 'token_algorithm_refused' });
    const narrow = await openForged({ algorithms: ['RS256'] });
    expect(await narrow.withToken(await narrow.keys.sign(claimsOf()))).toMatchObject({
      code: 'token_algorithm_refused',
    });
  });

  it('[P-OAUTH-CHALLENGE] nobody learns more than where to get a token; missing scopes are named at once', async () => {
    const { ask, keys, withToken } = await openForged({ requiredScopes: ['files:read', 'files:write'] });
    const bare = await ask({});
    expect([bare.status, bare.challenge]).toEqual([
      401,
      `Bearer scope="files:read files:write", resource_metadata="${METADATA}"`,
    ]);
    const lacking = await withToken(await keys.sign(claimsOf()));
    expect([lacking.status, lacking.challenge]).toEqual([
      403,
      `Bearer error="insufficient_scope", error_description="token_scope_missing", scope="files:read files:write", resource_metadata="${METADATA}"`,
    ]);
  });

  it('[P-OAUTH-CLAIMS] a claim that the mapping names must be there: a missing tenant is not none', async () => {
    const { keys, withToken } = await openForged({ claims: { tenant: '/org/id' } });
    expect((await withToken(await keys.sign(claimsOf({ org: { id: 'acme' } })))).status).toBe(200);
    for (const org of [undefined, {}, { id: '' }, { id: 1 }, 'acme'])
      expect(await withToken(await keys.sign(claimsOf({ org })))).toMatchObject({
        code: 'token_claims_missing',
      });
  });

  it('[P-OAUTH-DPOP] a proof for another request, key, token or time is refused', async () => {
    const { keys, ask } = await openForged();
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(publicKey);
    const token = await keys.sign(claimsOf({ cnf: { jkt: await calculateJwkThumbprint(jwk) } }));
    const ath = createHash('sha256').update(token).digest('base64url');
    let count = 0;
    const prove = (
      claims: Record<string, unknown> = {},
      header: Record<string, unknown> = {},
      key = privateKey,
    ) => {
      count += 1;
      return new SignJWT({ jti: `j${count}`, htm: 'POST', htu: RESOURCE, iat: nowSeconds(), ath, ...claims })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...header } as never)
        .sign(key);
    };
    const code = async (dpop: string) => (await ask({ authorization: `DPoP ${token}`, dpop })).code;
    expect(await code(await prove({ htu: `${RESOURCE}?query#fragment` }))).toBeUndefined();
    const other = await generateKeyPair('ES256', { extractable: true });
    for (const proof of [
      await prove({ htm: 'GET' }),
      await prove({ htu: 'https://gateway.example/other' }),
      await prove({ htu: 'https://else.example/mcp' }),
      await prove({ htu: 'nothing' }),
      await prove({ ath: undefined }),
      await prove({ ath: 'AAAA' }),
      await prove({ iat: nowSeconds() - 600 }),
      await prove({ iat: nowSeconds() + 600 }),
      await prove({ iat: undefined }),
      await prove({ jti: undefined }),
      await prove({ jti: 'x'.repeat(300) }),
      await prove({}, { typ: 'jwt' }),
      await prove({}, { jwk: await exportJWK(other.publicKey) }),
      await prove({}, { jwk: await exportJWK(other.publicKey) }, other.privateKey),
      await prove({}, { jwk: await exportJWK(privateKey) }),
      'x',
      '',
    ])
      expect(await code(proof)).toBe('dpop_invalid');
    expect((await ask({ authorization: `DPoP ${token}` })).code).toBe('dpop_required');
    const unbound = await keys.sign(claimsOf());
    expect((await ask({ authorization: `DPoP ${unbound}`, dpop: await prove() })).code).toBe(
      'token_binding_mismatch',
    );
    for (const cnf of [{}, { kid: 'x' }, { jkt: 'x', 'x5t#S256': 'y' }, 'x'])
      expect((await ask({ authorization: `DPoP ${await keys.sign(claimsOf({ cnf }))}` })).code).toBe(
        'token_binding_mismatch',
      );
    const required = await openForged({ dpop: 'required' });
    expect((await required.withToken(await required.keys.sign(claimsOf()))).code).toBe('dpop_required');
    const byCertificate = await keys.sign(claimsOf({ cnf: { 'x5t#S256': 'AAAA' } }));
    expect((await ask({ authorization: `Bearer ${byCertificate}` })).code).toBe('token_binding_mismatch');
  });

  it('[P-OAUTH-FLOOD] made-up key ids and an unreachable issuer do not make it ask again and again', async () => {
    let loads = 0;
    const { keys, withToken } = await openForged({
      keys: {
        load: async () => {
          loads += 1;
          throw new Error('down');
        },
      },
    });
    for (let times = 0; times < 5; times++)
      expect((await withToken(await keys.sign(claimsOf()))).code).toBe('identity_unavailable');
    expect(loads).toBe(1);
    const known = await forge();
    let fetched = 0;
    const flooded = await openForged({
      keys: {
        load: async () => {
          fetched += 1;
          return known.keys;
        },
      },
    });
    for (let times = 0; times < 5; times++)
      expect((await flooded.withToken(await known.sign(claimsOf(), { kid: `k${times}` }))).code).toBe(
        'token_key_unknown',
      );
    expect(fetched).toBe(1);
  });
});

describe('delegation in tokens', () => {
  it('[P-DELEGATION-CHAIN] comes from nested `act` alone; broken, looping and deep chains are refused and on record', async () => {
    const { keys, withToken, ask, refusals, decided } = await openForged();
    const nest = (...ids: string[]): object | undefined =>
      ids.reduce<object | undefined>((act, sub) => (act === undefined ? { sub } : { sub, act }), undefined);
    const send = async (act: unknown, headers: Record<string, string> = {}, meta = '') =>
      ask({ authorization: `Bearer ${await keys.sign(claimsOf({ act }))}`, ...headers }, 'echo', meta);
    expect((await send(nest('planner', 'finance'))).status).toBe(200);
    const [entry] = await decided();
    expect(JSON.stringify(entry?.fields)).toMatch(/planner.*finance/);
    expect(await send(nest('a', 'b', 'a'))).toMatchObject({ status: 403, code: 'delegation_loop' });
    expect(await send(nest('1', '2', '3', '4', '5', '6'))).toMatchObject({
      status: 403,
      code: 'delegation_too_deep',
    });
    for (const act of [
      {},
      'finance',
      ['finance'],
      { sub: 1 },
      { sub: 'a', act: {} },
      { sub: 'a', act: null },
    ])
      expect(await send(act)).toMatchObject({ status: 403, code: 'delegation_broken' });
    expect(await send(nest('other', 'finance'), { 'x-parent-agent-id': 'planner' })).toMatchObject({
      status: 403,
      code: 'parent_forged',
    });
    expect(await send(undefined, { 'x-parent-agent-id': 'planner' })).toMatchObject({
      status: 403,
      code: 'parent_unattested',
    });
    const meta = ',"_meta":{"parent_agent_id":"planner"}';
    expect((await send(nest('planner', 'finance'), {}, meta)).status).toBe(200);
    expect(await send(nest('finance'), {}, meta)).toMatchObject({ status: 403, code: 'parent_unattested' });
    expect(await send(nest('x', 'finance'), {}, meta)).toMatchObject({ status: 403, code: 'parent_forged' });
    expect(await refusals()).toEqual([
      'delegation_loop',
      'delegation_too_deep',
      ...Array.from({ length: 6 }, () => 'delegation_broken'),
      'parent_forged',
      'parent_unattested',
      'parent_unattested',
      'parent_forged',
    ]);
    // What no valid credential came with fills no disk.
    await withToken('x');
    expect(await refusals()).toHaveLength(12);
  });

  it('[P-IDENTITY-HEADER] a transaction token in its own header counts, and is never anonymous or a bearer', async () => {
    const keys = await forge();
    const provider = oauthProvider({
      name: 'transactions',
      issuer: ISSUER,
      resource: 'https://td.example',
      header: 'txn-token',
      types: ['txntoken+jwt'],
      keys: { load: async () => keys.keys },
      outbound: testOutbound(),
    });
    const { ask } = await openIdentity([provider, staticKeys([])]);
    const token = await keys.sign(claimsOf({ aud: 'https://td.example', txn: 't-9' }), {
      typ: 'txntoken+jwt',
    });
    expect((await ask({ 'txn-token': token })).status).toBe(200);
    expect((await ask({ 'txn-token': await keys.sign(claimsOf({ aud: 'https://td.example' })) })).code).toBe(
      'token_type_refused',
    );
    expect((await ask({ authorization: `Bearer ${token}` })).status).toBe(401);
  });
});
