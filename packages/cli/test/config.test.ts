import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CommandError, configJsonSchema, EXIT, parseConfig, serviceFromConfig } from '../src/index.ts';
import { identityBlocks } from './support/gateway-project.ts';

const HASH = `sha256:${'0'.repeat(64)}`;

function refusal(text: string): CommandError {
  try {
    parseConfig(text, 'writ.yaml');
  } catch (error) {
    if (error instanceof CommandError) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
}

describe('writ.yaml', () => {
  it('takes the starter and an empty file', () => {
    const starter = new URL('../templates/init/writ.yaml', import.meta.url);
    expect(parseConfig(readFileSync(starter, 'utf8'), 'writ.yaml').data_dir).toBe('.writ');
    expect(parseConfig('', 'writ.yaml')).toEqual({});
  });

  it.each([
    [
      'bundles:\n  - { name: a, url: "https://b.example/a", tls: { cert_file: c.pem } }\n',
      'needs cert_file and key_file together',
    ],
    [
      'bundles:\n  - { name: a, directory: b, tls: { ca_file: c.pem } }\n',
      'means nothing beside `directory`',
    ],
    ['data_dri: x\n', 'writ.yaml:1: unknown key `data_dri`; did you mean `data_dir`?'],
    [
      'data_dir: x\nlisten:\n  ap: 127.0.0.1:1\n',
      'writ.yaml:3: unknown key `listen.ap`; did you mean `api`?',
    ],
    [
      'bundles:\n  - name: a\n    directory: b\n  - name: c\n    dir: d\n    directory: d\n',
      'writ.yaml:5: unknown key `bundles.1.dir`; ',
    ],
    [
      'budgets:\n  - { name: a, per: session, unit: requests, limitt: 3, limit: 3 }\n',
      'unknown key `budgets.0.limitt`; did you mean `limit`?',
    ],
    [
      'identity:\n  - name: a\n    oauth: { issuer: "https://i.example", resorce: "https://w.example/mcp" }\n',
      'writ.yaml:3: unknown key `identity.0.oauth.resorce`; did you mean `resource`?',
    ],
    [
      'anonymous:\n  principal: { idd: u, id: u }\n  actor: { id: a }\n',
      '`anonymous.principal.idd`; did you mean `id`?',
    ],
    ['zzzzzz: 1\n', 'known are: data_dir, '],
  ])('a wrong key is named with its line and the right one: %j', (text, message) => {
    const error = refusal(text);
    expect(error.status).toBe(EXIT.config);
    expect(error.message).toContain(message);
  });

  it.each([
    ['mode: enforced\n', 'writ.yaml:1: `mode`: must be one of enforce, observe; did you mean `enforce`?'],
    [
      'engine:\n  kind: regos\n',
      'writ.yaml:2: `engine.kind`: must be one of rego, opa, crosscheck; did you mean `rego`?',
    ],
    ['listen:\n\n  api: 8181\n', 'writ.yaml:3: `listen.api`: '],
    ['listen:\n  api: localhost\n', 'must be HOST:PORT'],
    ['evaluation_timeout_ms: -1\n', 'writ.yaml:1: `evaluation_timeout_ms`: '],
    ['points:\n  - { id: a, token_hash: secret }\n', 'must be `sha256:` and 64 hexadecimal digits'],
    ['bundles: []\n', 'writ.yaml:1: `bundles`: '],
    [
      'identity:\n  - name: a\n',
      'writ.yaml:2: `identity.0`: must name exactly one of oauth, spiffe, keys, proxy',
    ],
    [
      'identity:\n  - { name: a, oauth: { issuer: "http://i.example", resource: "https://w.example/mcp" } }\n',
      '`identity.0.oauth.issuer`: must be https, unless it is on this machine',
    ],
    [
      'identity:\n  - { name: a, spiffe: { workload_api: "unix:/s" } }\n',
      'writ.yaml:2: `identity.0.spiffe`: knows nobody: name `listen.tls`',
    ],
    [
      'identity:\n  - { name: a, proxy: { workload_api: "unix:/s", proxies: ["spiffe://a/b"] } }\n',
      '`identity.0.proxy`: a proxy is known by its certificate',
    ],
    [
      'identity:\n  - { name: a, spiffe: { audiences: [x] } }\n',
      'must name exactly one of trust_domains and workload_api',
    ],
    [
      `identity:\n  - &a { name: a, keys: [{ token_hash: "${HASH}", principal: { id: u }, actor: { id: a } }] }\n  - *a\n`,
      '`identity.1.name`: `a` is named twice',
    ],
    [
      `callers: [{ token_hash: "${HASH}", principal: { id: u }, actor: { id: a } }]\nidentity: [{ name: a, keys: [{ token_hash: "${HASH}", principal: { id: u }, actor: { id: a } }] }]\n`,
      'writ.yaml:1: `callers`: stands in `identity`',
    ],
    ['listen: { tls: { cert_file: a.pem } }\n', '`listen.tls`: needs cert_file and key_file together'],
    ['listen: { tls: {} }\n', 'must name exactly one of cert_file, workload_api, elsewhere'],
    ['bundles:\n  - name: A b\n    directory: x\n', 'writ.yaml:2: `bundles.0.name`: must be lower-case'],
    [
      'data_dir: x\nbundles:\n  - name: a\n',
      'writ.yaml:3: `bundles.0`: must name exactly one of directory, url, oci, git',
    ],
  ])('a wrong value is named with its line: %j', (text, message) => {
    const error = refusal(text);
    expect(error.status).toBe(EXIT.config);
    expect(error.message).toContain(message);
  });

  it('text that is no YAML, or names a key twice, is refused with its line', () => {
    expect(refusal('data_dir: [\n').message).toMatch(/^writ\.yaml:\d+: /);
    expect(refusal('data_dir: a\ndata_dir: b\n').message).toMatch(/^writ\.yaml:2: .*unique/i);
  });

  it('every problem is told at once', () => {
    expect(refusal('mod: 1\ntrsut: 2\n').message.split('\n')).toHaveLength(2);
  });

  it('its JSON Schema is the file that is published (node packages/cli/test/write-schemas.ts)', () => {
    const file = new URL('../schemas/writ.schema.json', import.meta.url);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(configJsonSchema());
    const { exports } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    expect(exports['./schemas/*']).toBe('./schemas/*');
  });
});

describe('a service from writ.yaml', () => {
  const base = 'bundles: [{ name: a, directory: p }]\nupstreams: { files: { command: cat } }\n';
  const made = (text: string) =>
    serviceFromConfig({ config: parseConfig(base + text, 'writ.yaml'), folder: '.', file: undefined }, {});

  it('needs the secrets of channels only where somebody is asked', () => {
    const asking = made(
      'channels: { slack: { token_file: none, signing_secret_file: none, channel: C1 } }\n',
    );
    expect(asking.channels).toThrow(/none/);
    expect(made('').channels).toBeUndefined();
  });

  it('[P-LOOPBACK-UNLESS-AUTHENTICATED] the gateway refuses addresses beyond loopback without callers', () => {
    expect(() => made('listen: { mcp: "0.0.0.0:0" }\n')).toThrow(/every caller must authenticate/);
    expect(made('listen: { mcp: "[::1]:0" }\n').mcp).toMatchObject({ host: '::1', port: 0 });
  });

  it('[P-LOOPBACK-UNLESS-AUTHENTICATED] the gateway refuses anonymous callers beyond loopback', () => {
    const caller = 'principal: { id: u }, actor: { id: a }';
    const callers = `callers: [{ token_hash: "${HASH}", ${caller} }]\n`;
    const beyond = 'listen: { mcp: "0.0.0.0:0", hosts: [writ.example], tls: { elsewhere: true } }\n';
    expect(() => made(`${beyond}${callers}anonymous: { ${caller} }\n`)).toThrow(
      /every caller must authenticate/,
    );
    expect(made(beyond + callers)).toMatchObject({ mcp: { host: '0.0.0.0' }, hosts: ['writ.example'] });
  });

  it('[P-LOOPBACK-UNLESS-ENCRYPTED] neither port leaves loopback in the clear', () => {
    const caller = 'principal: { id: u }, actor: { id: a }';
    const callers = `callers: [{ token_hash: "${HASH}", ${caller} }]\n`;
    const points = `points: [{ id: a, token_hash: "${HASH}" }]\n`;
    expect(() => made(`listen: { mcp: "0.0.0.0:0" }\n${callers}`)).toThrow(/must be encrypted/);
    expect(() => made(`listen: { api: "10.0.0.1:0" }\n${points}`)).toThrow(/must be encrypted/);
    const tls = 'tls: { cert_file: a.pem, key_file: a.key }';
    expect(made(`listen: { api: "10.0.0.1:0", ${tls} }\n${points}`).identity.tls).toEqual({
      cert_file: 'a.pem',
      key_file: 'a.key',
    });
  });

  it('the examples of how to identify callers are configurations', () => {
    const blocks = identityBlocks();
    expect(blocks.length).toBeGreaterThan(5);
    for (const block of blocks) expect(made(block).identity.providers).not.toHaveLength(0);
  });

  it('who lists enforcement points means them to authenticate', () => {
    expect(made('').development).toBe(true);
    expect(made(`points: [{ id: a, token_hash: "${HASH}" }]\n`)).toMatchObject({
      development: false,
      points: [{ tokenSha256: '0'.repeat(64), caller: { pointId: 'a', mode: 'enforce' } }],
    });
    expect(made('points: []\n').development).toBe(false);
  });

  it('gives limits to the gateway and to one server, and says where one is no limit', () => {
    const text = 'gateway: { limits: { message_bytes: 9, rounds: 2 } }\n';
    expect(made(text).mcp).toMatchObject({ limits: { messageBytes: 9, rounds: 2 } });
    const slow =
      'bundles: [{ name: a, directory: p }]\nupstreams: { files: { command: cat, limits: { timeout_ms: 7 } } }\n';
    const { mcp } = serviceFromConfig(
      { config: parseConfig(slow, 'writ.yaml'), folder: '.', file: undefined },
      {},
    );
    expect(mcp?.upstreams).toMatchObject([{ id: 'files', limits: { timeoutMs: 7 } }]);
    expect(refusal('gateway: { limits: { rounds: 0 } }\n').message).toContain('gateway.limits.rounds');
    expect(refusal('gateway: { limits: { rouns: 1 } }\n').message).toContain('rounds');
  });
});
