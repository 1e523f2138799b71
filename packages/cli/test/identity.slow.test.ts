import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { createAuthority, type Issued } from '../../gateway/test/identity/authority.ts';
import { forge, startIssuer } from '../../gateway/test/identity/start-issuer.ts';
import { startWorkloadServer } from '../../gateway/test/identity/workload-server.ts';
import { EXIT } from '../src/index.ts';
import { askMcp } from './support/ask-mcp.ts';
import { gatewayProject, identityBlocks } from './support/gateway-project.ts';
import { eventually, runWrit } from './support/run-writ.ts';
import { startWrit } from './support/start-writ.ts';

const FREE = ['--addr', '127.0.0.1:0', '--mcp-addr', '127.0.0.1:0'];
const [KEYS, OAUTH, SPIFFE, WORKLOAD_API, PROXY] = identityBlocks() as [
  string,
  string,
  string,
  string,
  string,
];
const RESOURCE = 'https://writ.example.com/mcp';

/** The gateway of a project, and who its decisions were about. */
async function serve(folder: string) {
  const service = await startWrit(FREE, { cwd: folder });
  const url = service.mcp as string;
  return { service, url, asked: () => askedOf(folder), refusals: () => refusalsOf(folder) };
}

interface Entry {
  readonly core: { readonly kind: string; readonly codes?: readonly string[] };
  readonly [key: string]: unknown;
}

async function entriesOf(folder: string): Promise<readonly Entry[]> {
  const ran = await runWrit(['log', 'tail', '-n', '100', '--format', 'json'], { cwd: folder });
  expect(ran.stderr + ran.status).toBe('0');
  return (JSON.parse(ran.stdout) as { readonly entries: readonly Entry[] }).entries;
}

const askedOf = async (folder: string) =>
  (await entriesOf(folder))
    .filter(({ core }) => core.kind === 'decision')
    .map((entry) => JSON.stringify(entry));
const refusalsOf = async (folder: string) =>
  (await entriesOf(folder)).flatMap(({ core }) => (core.kind === 'malformed' ? (core.codes ?? []) : []));

describe('keys', () => {
  it('[P-IDENTITY-KEYS] `writ identity key` makes one that the gateway of `writ serve` knows, and no other', async () => {
    const made = await runWrit([
      'identity',
      'key',
      '--principal',
      'user:ana',
      '--actor',
      'agent:w',
      '--format',
      'json',
    ]);
    const { key, token_hash } = JSON.parse(made.stdout) as {
      readonly key: string;
      readonly token_hash: string;
    };
    const { folder } = gatewayProject(KEYS.replace(/sha256:0+/, token_hash));
    const { url, asked } = await serve(folder);
    const bearer = (token: string) => askMcp(url, { headers: { authorization: `Bearer ${token}` } });
    expect((await bearer(key)).status).toBe(200);
    expect((await asked()).at(-1)).toContain('user:ana');
    expect(await bearer(`${key.slice(0, -1)}_`)).toMatchObject({ status: 401, code: 'key_unknown' });
    expect(await bearer('something-else')).toMatchObject({ status: 401, code: 'unauthenticated' });
    expect(await askMcp(url)).toMatchObject({ status: 401, code: 'unauthenticated', challenge: 'Bearer' });
    expect(await asked()).toHaveLength(1);
  });

  it('[P-IDENTITY-KEYS] one that expired is refused', async () => {
    const made = await runWrit(['identity', 'key', '--format', 'json']);
    const { key, token_hash } = JSON.parse(made.stdout) as {
      readonly key: string;
      readonly token_hash: string;
    };
    const { folder } = gatewayProject(KEYS.replace(/sha256:0+/, token_hash).replace('2126', '2020'));
    const { url } = await serve(folder);
    expect(await askMcp(url, { headers: { authorization: `Bearer ${key}` } })).toMatchObject({
      status: 401,
      code: 'key_expired',
    });
  });
});

describe('access tokens', () => {
  it('[P-OAUTH-CHALLENGE] of a real issuer name the caller; wrong ones are refused and told where to get a right one', async () => {
    const issuer = await startIssuer([
      { id: 'helper', claims: { tenant: 'acme', groups: ['finance'] } },
      { id: 'stray' },
    ]);
    const yaml = OAUTH.replace('https://login.example.com', issuer.issuer).replace(
      'required_scopes',
      'allow: [loopback]\n      required_scopes',
    );
    const { folder } = gatewayProject(yaml);
    const { url, asked } = await serve(folder);
    const ask = (token: string) => askMcp(url, { headers: { authorization: `Bearer ${token}` } });
    expect((await ask(await issuer.token('helper', RESOURCE, { scope: 'files:read' }))).status).toBe(200);
    const [entry] = await asked();
    for (const fact of ['user:helper', 'agent:helper', 'acme']) expect(entry).toContain(fact);

    const metadata = `${new URL(RESOURCE).origin}/.well-known/oauth-protected-resource/mcp`;
    const bare = await askMcp(url);
    expect(bare).toMatchObject({ status: 401, code: 'unauthenticated' });
    expect(bare.challenge).toContain(`resource_metadata="${metadata}"`);
    for (const path of [new URL(metadata).pathname, '/.well-known/oauth-protected-resource']) {
      const shown = await askMcp(url, { method: 'GET', path });
      expect(JSON.parse(shown.text)).toMatchObject({
        resource: RESOURCE,
        authorization_servers: [issuer.issuer],
        scopes_supported: ['files:read'],
      });
    }
    const forged = await (await forge()).sign({ iss: issuer.issuer, aud: RESOURCE, sub: 'helper' });
    const refused = [
      [
        await issuer.token('helper', 'https://other.example/mcp', { scope: 'files:read' }),
        'token_audience_mismatch',
      ],
      [await issuer.token('helper', RESOURCE, { scope: 'files:write' }), 'token_scope_missing'],
      [await issuer.token('stray', RESOURCE, { scope: 'files:read' }), 'token_claims_missing'],
      [forged, 'token_key_unknown'],
      ['nonsense', 'unauthenticated'],
    ];
    for (const [token = '', code] of refused) expect([code, (await ask(token)).code]).toEqual([code, code]);
    expect(await asked()).toHaveLength(1);
  });

  it('[P-OAUTH-DPOP] a token without a proof is refused where proofs are required', async () => {
    const issuer = await startIssuer([{ id: 'helper', claims: { tenant: 'acme' } }]);
    const { folder } = gatewayProject(
      OAUTH.replace('https://login.example.com', issuer.issuer).replace(
        'required_scopes',
        'allow: [loopback]\n      dpop: required\n      required_scopes',
      ),
    );
    const { url } = await serve(folder);
    const token = await issuer.token('helper', RESOURCE, { scope: 'files:read' });
    const refused = await askMcp(url, { headers: { authorization: `Bearer ${token}` } });
    expect(refused).toMatchObject({ status: 401, code: 'dpop_required' });
    expect(refused.challenge).toMatch(/^DPoP /);
  });

  it('[P-OAUTH-OUTAGE] an issuer that does not answer lets nobody in', async () => {
    const issuer = await startIssuer([{ id: 'helper', claims: { tenant: 'acme' } }]);
    const token = await issuer.token('helper', RESOURCE, { scope: 'files:read' });
    await issuer.stop();
    const { folder } = gatewayProject(
      OAUTH.replace('https://login.example.com', issuer.issuer).replace(
        'claims',
        'allow: [loopback]\n      claims',
      ),
    );
    const { url } = await serve(folder);
    expect(await askMcp(url, { headers: { authorization: `Bearer ${token}` } })).toMatchObject({
      status: 503,
      code: 'identity_unavailable',
    });
  });
});

/** Writes what a block names: the gateway's certificate and the trust bundle of `example.org`. */
async function writeTrust(folder: string) {
  const authority = await createAuthority('example.org');
  const gateway = await authority.issue('/gateway');
  const put = ({ cert, key }: Issued) => {
    writeFileSync(join(folder, 'gateway.pem'), cert);
    writeFileSync(join(folder, 'gateway.key'), key);
  };
  put(gateway);
  writeFileSync(join(folder, 'example.org.bundle'), authority.bundleJson());
  return { authority, put };
}

function fingerprintOf(url: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? '');
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

describe('SPIFFE workloads', () => {
  it('[P-SPIFFE-X509] [P-SPIFFE-ROTATION] by certificate and token; strangers are refused; certificates follow their files', async () => {
    const { folder } = gatewayProject(SPIFFE);
    const { authority, put } = await writeTrust(folder);
    const { url, service, asked } = await serve(folder);
    expect(url).toMatch(/^https:/);
    expect(service.api).toMatch(/^https:/);
    const finance = await authority.issue('/agents/acme/finance/prod');
    expect((await askMcp(url, { own: finance })).status).toBe(200);
    const svid = await authority.jwtSvid('/agents/acme/ops/prod', { aud: RESOURCE });
    expect((await askMcp(url, { headers: { authorization: `Bearer ${svid}` } })).status).toBe(200);
    // The operator's commands know the service by the certificate that it wrote beside its data.
    const [first, second] = await asked();
    for (const fact of ['spiffe://example.org/agents/acme/finance/prod', 'finance'])
      expect(first).toContain(fact);
    expect(second).toContain('spiffe://example.org/agents/acme/ops/prod');

    const stranger = await createAuthority('example.org');
    const expired = { notAfter: new Date(Date.now() - 60_000) };
    const refused: [Issued | undefined, string | undefined, string][] = [
      [await stranger.issue('/agents/acme/finance/prod'), undefined, 'svid_untrusted'],
      [await authority.issue('/agents/acme/finance/prod', expired), undefined, 'svid_expired'],
      [await authority.issue('/elsewhere'), undefined, 'spiffe_id_refused'],
      [
        undefined,
        await authority.jwtSvid('/agents/a/b/c', { aud: 'https://other' }),
        'token_audience_mismatch',
      ],
      [undefined, undefined, 'unauthenticated'],
    ];
    for (const [own, token, code] of refused) {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const answer = await askMcp(url, { headers, ...(own === undefined ? {} : { own }) });
      expect([code, answer.code]).toEqual([code, code]);
    }

    const next = await authority.issue('/gateway');
    put(next);
    await eventually('both ports show the new certificate', async () => {
      const { fingerprint256 } = new X509Certificate(next.cert);
      const shown = [await fingerprintOf(url), await fingerprintOf(service.api)];
      return shown.every((each) => each === fingerprint256) ? true : undefined;
    });
    expect((await askMcp(url, { own: finance })).status).toBe(200);
    expect(await asked()).toHaveLength(3);
  });

  it('[P-SPIFFE-WORKLOAD-API] certificate and trust of the gateway come from the Workload API', async () => {
    const api = await startWorkloadServer();
    const authority = await createAuthority('example.org');
    api.give(await authority.issue('/gateway'), 'spiffe://example.org/gateway', [authority]);
    const yaml = WORKLOAD_API.replaceAll('unix:/run/spire/agent.sock', `unix:${api.socket}`);
    const { folder } = gatewayProject(yaml);
    const { url } = await serve(folder);
    const own = await authority.issue('/agents/acme/finance/prod');
    expect((await askMcp(url, { own })).status).toBe(200);
    const stranger = await createAuthority('example.org');
    const refused = await askMcp(url, { own: await stranger.issue('/agents/acme/finance/prod') });
    expect(refused.code).toBe('svid_untrusted');
  });
});

describe('a trusted proxy', () => {
  it('[P-IDENTITY-PROXY] names callers over its certificate; from anybody else the header is refused', async () => {
    const { folder } = gatewayProject(PROXY);
    const { authority } = await writeTrust(folder);
    const { url, asked, refusals } = await serve(folder);
    const header = (principal: string, tenant = 'acme') => {
      const caller = { principal: { id: principal, tenant }, actor: { id: 'agent:a' } };
      return { 'writ-caller': Buffer.from(JSON.stringify(caller)).toString('base64url') };
    };
    const ingress = await authority.issue('/ingress');
    expect((await askMcp(url, { own: ingress, headers: header('user:ana') })).status).toBe(200);
    expect((await asked()).at(-1)).toContain('user:ana');
    const other = await authority.issue('/agents/a');
    for (const refused of [
      await askMcp(url, { own: other, headers: header('user:ana') }),
      await askMcp(url, { headers: header('user:ana') }),
      await askMcp(url, { own: ingress, headers: header('root') }),
      await askMcp(url, { own: ingress, headers: header('user:ana', 'globex') }),
    ])
      expect(refused).toMatchObject({ status: 403, code: 'headers_unattested' });
    expect(await askMcp(url, { own: ingress })).toMatchObject({ status: 401, code: 'unauthenticated' });
    expect(await asked()).toHaveLength(1);
    expect(await refusals()).toEqual(['headers_unattested', 'headers_unattested']);
  });
});

describe('the port', () => {
  it('[P-GATEWAY-PROBES] says whether it is there and can decide, by any address, and nothing more', async () => {
    const { folder } = gatewayProject(KEYS);
    const { url } = await serve(folder);
    const host = { host: '10.1.2.3:8182' };
    expect(await askMcp(url, { method: 'GET', path: '/healthz', headers: host })).toMatchObject({
      status: 200,
      text: '{"status":"ok"}',
    });
    expect(await askMcp(url, { method: 'GET', path: '/readyz', headers: host })).toMatchObject({
      status: 200,
      text: '{"status":"ready"}',
    });
    expect((await askMcp(url, { method: 'GET', path: '/elsewhere' })).status).toBe(404);
    expect((await askMcp(url, { headers: host })).status).toBe(403);
  });

  it.each([
    ['listen: { tls: { cert_file: none.pem, key_file: none.key } }\n', 'listen.tls: ENOENT'],
    [
      'listen: { tls: { workload_api: "unix:/nowhere.sock" } }\n',
      'listen.tls: the Workload API at unix:/nowhere.sock gave no identity',
    ],
    [`${SPIFFE.replace('{client}/{class}', '{client}/{client}')}`, 'identity provider `workloads`: path'],
  ])('what cannot be opened is an error of the configuration: %j', async (yaml, message) => {
    const { folder } = gatewayProject(yaml);
    if (yaml.includes('example.org.bundle')) await writeTrust(folder);
    const ran = await runWrit(['serve', ...FREE], { cwd: folder });
    expect(ran.stderr).toContain(message);
    expect(ran.status).toBe(EXIT.config);
  });
});
