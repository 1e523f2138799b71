import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileKeyPair, oauthProvider } from '@writ/identity';
import {
  type BundleSource,
  fileBundles,
  openWorkloadApi,
  peerChecker,
  proxyProvider,
  spiffeProvider,
  WorkloadApiError,
} from '@writ/identity/spiffe';
import { describe, expect, it, onTestFinished } from 'vitest';
import { until } from '../start-gateway.ts';
import { openIdentity } from './ask-gateway.ts';
import { fixedKeyPair, openTls } from './ask-tls.ts';
import { type Authority, createAuthority, type Issued, KeyUsageFlags } from './authority.ts';
import { forge, testOutbound } from './start-issuer.ts';
import { belongs, startWorkloadServer } from './workload-server.ts';

const AGENT = '/agents/mcp-client/researcher/dev';
const AUDIENCE = 'https://gateway.example/mcp';

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'writ-spiffe-'));
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** Bundles in files, as they are mounted. */
function bundlesOf(authorities: readonly Authority[], form: 'pem' | 'json' = 'pem') {
  const place = folder();
  const files = authorities.map((authority, index) => {
    const file = join(place, `${index}.bundle`);
    writeFileSync(file, form === 'pem' ? authority.pem : authority.bundleJson());
    return { trustDomain: authority.trustDomain, file };
  });
  const faults: string[] = [];
  const source = fileBundles({ files, pollMs: 20, onFault: (message) => faults.push(message) });
  onTestFinished(() => source.close());
  return { source, files, faults };
}

/** A gateway for the workloads of these domains. */
async function openSpiffe(
  source: BundleSource,
  authority: Authority,
  more: Parameters<typeof openTls>[2] = {},
) {
  const own = await authority.issue('/gateways/one');
  const provider = spiffeProvider({ name: 'spiffe', bundles: source, audiences: [AUDIENCE] });
  return openTls([provider], { keyPair: fixedKeyPair(own), bundles: source }, more);
}

const asPosted = (fields: unknown) => JSON.stringify(fields);

describe('X.509-SVID', () => {
  it('[P-SPIFFE-X509] names the workload by its certificate alone, with class and segments', async () => {
    const authority = await createAuthority('poc.local');
    const { source } = bundlesOf([authority]);
    const { client, entries } = await openSpiffe(source, authority, {
      rego: `package agent

decision := {"outcome": "allow", "reason": "ok"} if {
	input.actor.id == "spiffe://poc.local${AGENT}"
	input.actor.class == "researcher"
	input.actor.attested
	input.principal.attributes.spiffe.env == "dev"
}
`,
    });
    const asked = await client(await authority.issue(AGENT))();
    expect([asked.status, asked.text]).toEqual([200, expect.stringContaining('"outcome":"allow"')]);
    const [entry] = await entries();
    expect(asPosted(entry?.fields)).toContain(`spiffe://poc.local${AGENT}`);
    expect(await client()()).toMatchObject({ status: 401, code: 'unauthenticated' });
  });

  it('[P-SPIFFE-X509] an intermediate authority counts where it stands in the trust bundle, and only there', async () => {
    const authority = await createAuthority('td.example');
    const below = await authority.intermediate();
    const issued = await below.issue(AGENT);
    const [, intermediate = ''] = issued.cert.split(/(?<=-----END CERTIFICATE-----\n)/);
    const unlisted = bundlesOf([authority]);
    const { client } = await openSpiffe(unlisted.source, authority);
    expect(await client(issued)()).toMatchObject({ status: 401, code: 'svid_untrusted' });
    const listed = bundlesOf([{ ...authority, pem: `${authority.pem}${intermediate}` }]);
    const opened = await openSpiffe(listed.source, authority);
    expect((await opened.client(issued)()).status).toBe(200);
  });

  it('[P-SPIFFE-X509] certificates that are no SVIDs are refused, each with its code', async () => {
    const authority = await createAuthority('td.example');
    const { source } = bundlesOf([authority]);
    const { client } = await openSpiffe(source, authority);
    const stranger = await createAuthority('td.example');
    const { digitalSignature, keyCertSign, cRLSign, keyEncipherment } = KeyUsageFlags;
    const cases: readonly (readonly [string, Issued])[] = [
      ['svid_untrusted', await stranger.issue(AGENT)],
      ['svid_untrusted', await (await createAuthority('unknown.example')).issue(AGENT)],
      ['svid_expired', await authority.issue(AGENT, { notAfter: new Date(Date.now() - 1_000) })],
      ['svid_expired', await authority.issue(AGENT, { notBefore: new Date(Date.now() + 60_000) })],
      [
        'svid_invalid',
        await authority.issue('', { uris: ['spiffe://td.example/a', 'spiffe://td.example/b'] }),
      ],
      [
        'svid_invalid',
        await authority.issue('', { uris: ['spiffe://td.example/a', 'https://td.example/b'] }),
      ],
      ['svid_invalid', await authority.issue('', { uris: ['spiffe://td.example'] })],
      ['svid_invalid', await authority.issue('', { uris: ['spiffe://td.example/a/../b'] })],
      ['svid_invalid', await authority.issue('', { uris: ['spiffe://td.example/a%2fb'] })],
      ['svid_invalid', await authority.issue('', { uris: ['SPIFFE://td.example/a'] })],
      ['svid_invalid', await authority.issue(AGENT, { ca: true })],
      ['svid_invalid', await authority.issue(AGENT, { usages: digitalSignature | keyCertSign })],
      ['svid_invalid', await authority.issue(AGENT, { usages: digitalSignature | cRLSign })],
      ['svid_invalid', await authority.issue(AGENT, { usages: keyEncipherment })],
      ['svid_invalid', await authority.issue(AGENT, { extendedUsages: ['1.3.6.1.5.5.7.3.1'] })],
      ['unauthenticated', await authority.issue('', { uris: [] })],
      ['unauthenticated', await authority.issue('', { uris: [], dns: ['a, URI:spiffe://td.example/a, b'] })],
      ['unauthenticated', await authority.issue('', { uris: ['https://td.example/a'] })],
    ];
    for (const [index, [code, own]] of cases.entries())
      expect([index, (await client(own)()).code]).toEqual([index, code]);
    expect((await client(await authority.issue(AGENT, { extendedUsages: [] }))()).status).toBe(200);
  });

  it('[P-SPIFFE-DOMAINS] an authority of one trust domain never speaks for another, whatever it is called', async () => {
    const home = await createAuthority('home.example', { name: 'CN=the same' });
    const other = await createAuthority('other.example', { name: 'CN=the same' });
    const { source } = bundlesOf([home, other]);
    const { client } = await openSpiffe(source, home);
    expect((await client(await home.issue(AGENT))()).status).toBe(200);
    expect((await client(await other.issue(AGENT))()).status).toBe(200);
    const uris = [`spiffe://home.example${AGENT}`];
    expect(await client(await other.issue('', { uris }))()).toMatchObject({ code: 'svid_untrusted' });
    // With the other domain's root sent along, which has the same name as its own.
    const { cert, key } = await other.issue('', { uris });
    expect(await client({ cert: `${cert}${home.pem}`, key })()).toMatchObject({ code: 'svid_untrusted' });
  });

  it('[P-SPIFFE-ROTATION] authorities rotate on open connections: the new ones count, withdrawn ones no more', async () => {
    const first = await createAuthority('td.example');
    const second = await createAuthority('td.example');
    const { source, files, faults } = bundlesOf([first]);
    const file = files[0]?.file ?? '';
    const { client } = await openSpiffe(source, first, {});
    const old = client(await first.issue(AGENT));
    const before = await old();
    expect(before.status).toBe(200);
    const next = await second.issue(AGENT);
    expect((await client(next)()).code).toBe('svid_untrusted');
    const changed = (): Promise<void> => {
      const { promise, resolve } = Promise.withResolvers<void>();
      source.onChange(resolve);
      return promise;
    };
    let heard = changed();
    writeFileSync(file, `${first.pem}${second.pem}`);
    await heard;
    expect((await client(next)()).status).toBe(200);
    const during = await old();
    expect([during.status, during.localPort]).toEqual([200, before.localPort]);
    writeFileSync(file, 'half a fi');
    await until(() => faults.length > 0);
    expect((await old()).status).toBe(200);
    heard = changed();
    writeFileSync(file, second.pem);
    await heard;
    expect(await old()).toMatchObject({ status: 401, code: 'svid_untrusted' });
    expect((await client(next)()).status).toBe(200);
  });

  it('[P-SPIFFE-ROTATION] an SVID that expires ends on an open connection', async () => {
    const authority = await createAuthority('td.example');
    const { source } = bundlesOf([authority]);
    let nowMs = Date.now();
    const provider = spiffeProvider({ name: 'spiffe', bundles: source, now: () => nowMs });
    const keyPair = fixedKeyPair(await authority.issue('/gateways/one'));
    const { client } = await openTls([provider], { keyPair, bundles: source });
    const call = client(await authority.issue(AGENT));
    expect((await call()).status).toBe(200);
    nowMs += 2 * 3_600_000;
    expect(await call()).toMatchObject({ status: 401, code: 'svid_expired' });
  });
});

describe('JWT-SVID', () => {
  it('[P-SPIFFE-JWT] names the workload for this audience alone, with keys of its own trust domain', async () => {
    const authority = await createAuthority('td.example');
    const other = await createAuthority('other.example', { keyId: 'jwt-2' });
    const { source } = bundlesOf([authority, other], 'json');
    const { ask } = await openIdentity([
      spiffeProvider({ name: 'spiffe', bundles: source, audiences: [AUDIENCE] }),
    ]);
    const code = async (token: string) => {
      const asked = await ask({ authorization: `Bearer ${token}` });
      return asked.status === 200 ? 'ok' : asked.code;
    };
    expect(await code(await authority.jwtSvid(AGENT))).toBe('ok');
    expect(await code(await authority.jwtSvid(AGENT, {}, { typ: undefined }))).toBe('ok');
    expect(await code(await authority.jwtSvid(AGENT, {}, { typ: 'JOSE' }))).toBe('ok');
    expect(await code(await authority.jwtSvid(AGENT, { aud: 'https://else.example' }))).toBe(
      'token_audience_mismatch',
    );
    expect(await code(await authority.jwtSvid(AGENT, { aud: undefined }))).toBe('token_claims_missing');
    expect(await code(await authority.jwtSvid(AGENT, { exp: undefined }))).toBe('token_claims_missing');
    expect(await code(await authority.jwtSvid(AGENT, { exp: 1 }))).toBe('token_expired');
    expect(await code(await authority.jwtSvid(AGENT, {}, { typ: 'at+jwt' }))).toBe('token_type_refused');
    expect(await code(await authority.jwtSvid(AGENT, {}, { kid: undefined }))).toBe('token_key_unknown');
    expect(await code(await authority.jwtSvid(AGENT, {}, { kid: 'else' }))).toBe('token_key_unknown');
    expect(await code(await other.jwtSvid('', { sub: `spiffe://td.example${AGENT}` }))).toBe(
      'token_key_unknown',
    );
    expect(await code(await authority.jwtSvid('', { sub: 'spiffe://td.example' }))).toBe('svid_invalid');
    expect(await code(await authority.jwtSvid('', { sub: 'spiffe://unknown.example/a' }))).toBe(
      'unauthenticated',
    );
    expect(await code(await authority.jwtSvid('', { sub: 'spiffe://td.example/a/' }))).toBe(
      'unauthenticated',
    );
  });
});

describe('the listener', () => {
  it('[P-TLS-RELOAD] shows a renewed certificate to new connections, and keeps the old one while files do not fit', async () => {
    const authority = await createAuthority('td.example');
    const place = folder();
    const [certificate, key] = [join(place, 'tls.crt'), join(place, 'tls.key')];
    const write = (pair: Issued) => {
      writeFileSync(certificate, pair.cert);
      writeFileSync(key, pair.key);
    };
    const fingerprint = ({ cert }: Issued) => new X509Certificate(cert).fingerprint256;
    const [one, two] = [await authority.issue('/gateways/one'), await authority.issue('/gateways/one')];
    write(one);
    const faults: string[] = [];
    const keyPair = fileKeyPair({ certificate, key, pollMs: 20, onFault: (message) => faults.push(message) });
    onTestFinished(() => keyPair.close());
    const { source } = bundlesOf([authority]);
    const provider = spiffeProvider({ name: 'spiffe', bundles: source });
    const { client } = await openTls([provider], { keyPair, bundles: source });
    const own = await authority.issue(AGENT);
    const open = client(own);
    expect(await open()).toMatchObject({ status: 200, fingerprint: fingerprint(one) });
    writeFileSync(certificate, two.cert);
    await until(() => faults.length > 0);
    expect((await client(own)()).fingerprint).toBe(fingerprint(one));
    const renewed = new Promise<void>((resolve) => keyPair.onChange(resolve));
    write(two);
    await renewed;
    expect(await client(own)()).toMatchObject({ status: 200, fingerprint: fingerprint(two) });
    expect(await open()).toMatchObject({ status: 200, fingerprint: fingerprint(one) });
    writeFileSync(certificate, 'nothing');
    expect(() => fileKeyPair({ certificate, key })).toThrow();
  });

  it('[P-OAUTH-DPOP] a token that is bound to a certificate counts on that connection alone', async () => {
    const authority = await createAuthority('td.example');
    const { source } = bundlesOf([authority]);
    const keys = await forge();
    const corp = oauthProvider({
      name: 'corp',
      issuer: 'https://issuer.example',
      resource: AUDIENCE,
      keys: { load: async () => keys.keys },
      outbound: testOutbound(),
    });
    const keyPair = fixedKeyPair(await authority.issue('/gateways/one'));
    const provider = spiffeProvider({ name: 'spiffe', bundles: source });
    const { client } = await openTls([corp, provider], { keyPair, bundles: source });
    const own = await authority.issue(AGENT);
    const nowSeconds = Math.floor(Date.now() / 1000);
    const sign = (more: Record<string, unknown>) =>
      keys.sign({
        iss: 'https://issuer.example',
        aud: AUDIENCE,
        sub: 'ana',
        iat: nowSeconds,
        exp: nowSeconds + 60,
        ...more,
      });
    const bearer = async (more: Record<string, unknown>) => ({ authorization: `Bearer ${await sign(more)}` });
    const thumbprint = createHash('sha256').update(new X509Certificate(own.cert).raw).digest('base64url');
    const bound = await bearer({ cnf: { 'x5t#S256': thumbprint } });
    expect((await client(own)(bound)).status).toBe(200);
    expect((await client(await authority.issue(AGENT))(bound)).code).toBe('token_binding_mismatch');
    expect((await client()(bound)).code).toBe('token_binding_mismatch');
    // A chain that ends with a workload is that workload's to show.
    const delegated = await bearer({ act: { sub: `spiffe://td.example${AGENT}`, act: { sub: 'planner' } } });
    expect((await client(own)(delegated)).status).toBe(200);
    const thief = await authority.issue('/agents/mcp-client/thief/dev');
    expect(await client(thief)(delegated)).toMatchObject({ status: 403, code: 'delegation_broken' });
  });
});

describe('a trusted proxy', () => {
  it('[P-IDENTITY-PROXY] says who is asking; from anyone else the header is refused', async () => {
    const authority = await createAuthority('td.example');
    const { source } = bundlesOf([authority]);
    const proxies = proxyProvider({
      name: 'edge',
      proxies: ['spiffe://td.example/proxies/*'],
      checkPeer: peerChecker(source, Date.now),
      mayAssert: { tenants: ['acme'], principals: ['user:*'] },
    });
    const keyPair = fixedKeyPair(await authority.issue('/gateways/one'));
    const provider = spiffeProvider({ name: 'spiffe', bundles: source });
    const { client, entries } = await openTls([proxies, provider], { keyPair, bundles: source });
    const header = (value: unknown) => ({
      'writ-caller': Buffer.from(JSON.stringify(value)).toString('base64url'),
    });
    const ana = {
      principal: { id: 'user:ana', tenant: 'acme' },
      actor: { id: 'agent:writer', capabilities: ['everything'] },
      delegation: [{ id: 'agent:planner' }, { id: 'agent:writer' }],
    };
    const edge = client(await authority.issue('/proxies/edge'));
    expect((await edge(header(ana))).status).toBe(200);
    const [entry] = await entries();
    expect(asPosted(entry?.fields)).toMatch(/user:ana.*agent:planner|agent:planner.*user:ana/);
    expect(asPosted(entry?.fields)).not.toContain('everything');
    expect((await client(await authority.issue(AGENT))(header(ana))).code).toBe('headers_unattested');
    expect((await client()(header(ana))).code).toBe('headers_unattested');
    const forged = await (await createAuthority('td.example')).issue('/proxies/edge');
    expect((await client(forged)(header(ana))).code).toBe('headers_unattested');
    for (const other of [
      { ...ana, principal: { id: 'root', tenant: 'acme' } },
      { ...ana, principal: { id: 'user:ana' } },
      { ...ana, principal: { id: 'user:ana', tenant: 'else' } },
    ])
      expect((await edge(header(other))).code).toBe('headers_unattested');
    for (const wrong of [{}, [], 1, { ...ana, more: 1 }, { ...ana, session: 1 }, { ...ana, actor: {} }])
      expect((await edge(header(wrong))).code).toBe('credential_malformed');
    expect((await edge({ 'writ-caller': 'no base64!' })).code).toBe('credential_malformed');
    expect(await edge(header({ ...ana, delegation: [{ id: 'agent:writer' }, { id: 'x' }] }))).toMatchObject({
      status: 403,
      code: 'delegation_broken',
    });
  });
});

describe('the Workload API', () => {
  it('[P-SPIFFE-WORKLOAD-API] gives identity and bundles, rotates both without a dropped call, and survives its agent', async () => {
    const [first, federated] = [
      await createAuthority('td.example'),
      await createAuthority('partner.example'),
    ];
    const agent = await startWorkloadServer();
    const one = await first.issue('/gateways/one');
    agent.give(one, 'spiffe://td.example/gateways/one', [first, federated]);
    const faults: string[] = [];
    const api = await openWorkloadApi({
      socket: `unix://${agent.socket}`,
      onFault: (message) => faults.push(message),
    });
    onTestFinished(() => api.close());
    expect(belongs(api.keyPair())).toBe(true);
    await until(() => api.current().get('td.example')?.jwtKeys.keys.length === 1);
    const provider = spiffeProvider({ name: 'spiffe', bundles: api, audiences: [AUDIENCE] });
    const keyPair = { current: () => api.keyPair(), onChange: api.onChange, close: () => undefined };
    const { client } = await openTls([provider], { keyPair, bundles: api });
    const fingerprint = ({ cert }: Issued) => new X509Certificate(cert).fingerprint256;
    const call = client(await first.issue(AGENT));
    expect(await call()).toMatchObject({ status: 200, fingerprint: fingerprint(one) });
    expect((await client(await federated.issue(AGENT))()).status).toBe(200);
    const token = await federated.jwtSvid(AGENT);
    expect((await client()({ authorization: `Bearer ${token}` })).status).toBe(200);

    const two = await first.issue('/gateways/one');
    agent.cut();
    agent.give(two, 'spiffe://td.example/gateways/one', [first]);
    await until(
      () => fingerprint(api.keyPair()) === fingerprint(two) && !api.current().has('partner.example'),
    );
    expect((await call()).status).toBe(200);
    expect(await client(await first.issue(AGENT))()).toMatchObject({
      status: 200,
      fingerprint: fingerprint(two),
    });
    expect((await client(await federated.issue(AGENT))()).code).toBe('svid_untrusted');
    expect(faults.join()).toContain('restarts');
  });

  it('[P-SPIFFE-WORKLOAD-API] an agent that is not there is said at the start', async () => {
    const opening = openWorkloadApi({ socket: join(folder(), 'none.sock'), waitMs: 200 });
    await expect(opening).rejects.toThrow(WorkloadApiError);
  });
});
