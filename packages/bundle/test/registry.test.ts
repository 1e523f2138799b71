import type { JsonObject } from '@writ/decision';
import { describe, expect, it } from 'vitest';
import { buildRegistry, checkSet, type Registry, readDirectory, resolveCapability } from '../src/index.ts';
import { bundleOf, makeFolder, problemsOf } from './bundle-fixture.ts';

const REFUND = {
  capability: 'payments/refund',
  operation: 'write',
  resources: [
    {
      type: 'order',
      id: '/order/id',
      tenant: '/order/tenant',
      classes: ['financial'],
      attributes: { total: '/amount' },
    },
    { type: 'item', id: '/items' },
  ],
  destination: { url: '/callback' },
  data_classes: ['pii'],
  labels: ['money_moved'],
  cost: '/amount',
  step_up_method: 'webauthn',
};

/** What follows from the form by server and tool alone. */
const WHERE = {
  bundle: 'b',
  adapter: 'mcp',
  authorization: { action: 'tools/call', resource: 'mcp/refund' },
  observed: [],
  step_up: false,
  objections: [],
};

const registryData = (servers: object) => ({
  'data.json': JSON.stringify({ writ: { registry: { servers } } }),
});

async function bundleWith(name: string, servers: object, options = {}) {
  const roots = Object.keys(servers).map((server) => `writ/registry/servers/${server}`);
  const folder = makeFolder({ ...registryData(servers), '.manifest': JSON.stringify({ roots }) });
  return bundleOf(await readDirectory(folder, { name, ...options }));
}

async function registryWith(servers: object): Promise<Registry> {
  return buildRegistry([await bundleWith('b', servers)]).registry;
}

const resolve = (
  registry: Registry,
  args: JsonObject,
  tool = 'refund',
  server: string | undefined = 'shop',
) => resolveCapability(registry, { server, tool, args });

describe('the capability registry', () => {
  it('says what the arguments of a call name', async () => {
    const registry = await registryWith({ shop: { tools: { refund: REFUND } } });
    const args = {
      order: { id: 'o1', tenant: 'acme' },
      items: ['i1', 2],
      amount: 12.5,
      callback: 'https://Hooks.example.org/x',
    };
    expect(resolve(registry, args)).toEqual({
      kind: 'resolved',
      value: {
        ...WHERE,
        capability: 'payments/refund',
        operation: 'write',
        resources: [
          { type: 'order', id: 'o1', tenant: 'acme', classes: ['financial'], attributes: { total: 12.5 } },
          { type: 'item', id: 'i1' },
          { type: 'item', id: '2' },
        ],
        destination: { scheme: 'https', host: 'hooks.example.org', port: 443 },
        data_classes: ['pii'],
        labels: ['money_moved'],
        cost: 12.5,
        step_up_method: 'webauthn',
      },
    });
  });

  it('leaves out what the arguments do not name', async () => {
    const registry = await registryWith({ shop: { tools: { refund: REFUND } } });
    expect(resolve(registry, {})).toEqual({
      kind: 'resolved',
      value: {
        ...WHERE,
        capability: 'payments/refund',
        operation: 'write',
        resources: [],
        data_classes: ['pii'],
        labels: ['money_moved'],
        step_up_method: 'webauthn',
      },
    });
  });

  it.each([
    [{ order: { id: true } }, '/order/id'],
    [{ order: { id: null } }, '/order/id'],
    [{ order: { id: 1.5 } }, '/order/id'],
    [{ order: { id: 'o', tenant: 7 } }, '/order/tenant'],
    [{ items: [['i']] }, '/items'],
    [{ items: { id: 'i' } }, '/items'],
    [{ callback: 'hooks.example.org' }, '/callback'],
    [{ callback: 7 }, '/callback'],
    [{ callback: 'file:///etc/passwd' }, '/callback'],
    [{ amount: -1 }, '/amount'],
    [{ amount: '12' }, '/amount'],
  ])('[P-REGISTRY-UNRESOLVABLE] does not guess what %j means', async (args, pointer) => {
    const registry = await registryWith({ shop: { tools: { refund: REFUND } } });
    expect(resolve(registry, args as unknown as JsonObject)).toMatchObject({ kind: 'unresolvable', pointer });
  });

  it('never reads through a prototype', async () => {
    const registry = await registryWith({
      shop: { tools: { refund: { capability: 'c', resources: [{ type: 't', id: '/constructor/name' }] } } },
    });
    expect(resolve(registry, {})).toMatchObject({ value: { resources: [] } });
  });

  it('takes hosts and ports by themselves', async () => {
    const destination = { host: '/host', port: '/port', scheme: 'smtp' };
    const registry = await registryWith({
      mail: { tools: { send: { capability: 'mail/send', destination } } },
    });
    const at = (args: JsonObject) => resolveCapability(registry, { server: 'mail', tool: 'send', args });
    expect(at({ host: 'MX.example.org', port: 25 })).toMatchObject({
      value: { destination: { scheme: 'smtp', host: 'mx.example.org', port: 25 } },
    });
    expect(at({ host: 'a', port: 0 })).toMatchObject({ kind: 'unresolvable', pointer: '/port' });
    expect(at({ host: '' })).toMatchObject({ kind: 'unresolvable', pointer: '/host' });
  });

  it('prefers an exact name, and knows that others are not described', async () => {
    const registry = await registryWith({
      shop: { tools: { refund: { capability: 'exact' }, '*': { capability: 'any' } } },
      '*': { tools: { ping: { capability: 'ping' } } },
    });
    expect(resolve(registry, {})).toMatchObject({ value: { capability: 'exact' } });
    expect(resolve(registry, {}, 'other')).toMatchObject({ value: { capability: 'any' } });
    expect(resolve(registry, {}, 'ping', 'mail')).toMatchObject({ value: { capability: 'ping' } });
    expect(resolveCapability(registry, { tool: 'ping' })).toMatchObject({ value: { capability: 'ping' } });
    expect(resolveCapability(registry, { tool: 'refund' })).toEqual({ kind: 'undescribed' });
    expect(resolve(registry, {}, 'pong', 'mail')).toEqual({ kind: 'undescribed' });
  });

  it('names what is wrong with it', async () => {
    const servers = { shop: { tools: { refund: { capability: 'c', resource: [] } } } };
    expect(problemsOf(await readDirectory(makeFolder(registryData(servers))))[0]).toMatchObject({
      code: 'registry_invalid',
      pointer: '/writ/registry/servers/shop/tools/refund/resource',
      help: 'did you mean `resources`?',
      file: 'data.json',
      row: 1,
      column: 77,
    });
    const relative = { shop: { tools: { refund: { capability: 'c', cost: 'amount' } } } };
    expect(problemsOf(await readDirectory(makeFolder(registryData(relative))))[0]).toMatchObject({
      code: 'registry_invalid',
    });
  });
});

describe('[P-REGISTRY-ONE-VOICE] two bundles that describe one tool', () => {
  it.each([
    [
      { shop: { tools: { refund: { capability: 'a' } } } },
      { '*': { tools: { refund: { capability: 'b' } } } },
    ],
    [{ '*': { tools: { '*': { capability: 'a' } } } }, { shop: { tools: { refund: { capability: 'b' } } } }],
  ])('do not activate: %j and %j', async (one, two) => {
    const bundles = [await bundleWith('one', one), await bundleWith('two', two)];
    expect(problemsOf(checkSet(bundles))[0]).toMatchObject({ code: 'registry_conflict', bundle: 'two' });
  });

  it('by the same name overlap in their roots, too', async () => {
    const servers = { shop: { tools: { refund: { capability: 'a' } } } };
    const problems = problemsOf(
      checkSet([await bundleWith('one', servers), await bundleWith('two', servers)]),
    );
    expect(problems.map(({ code }) => code)).toEqual(['roots_overlap', 'registry_conflict']);
  });

  it('may describe different tools', async () => {
    const bundles = [
      await bundleWith('one', { shop: { tools: { refund: { capability: 'a' } } } }),
      await bundleWith('two', { mail: { tools: { send: { capability: 'b' } } } }),
    ];
    const set = checkSet(bundles);
    expect(set.ok && resolve(set.registry, {}, 'send', 'mail')).toMatchObject({ value: { capability: 'b' } });
  });

  it("[P-THIRD-PARTY-TIGHTENS] a third party's description does not count", async () => {
    const third = await bundleWith(
      'third',
      { shop: { tools: { refund: { capability: 'harmless' } } } },
      { thirdParty: true },
    );
    const set = checkSet([third]);
    expect(set.ok && resolve(set.registry, {})).toEqual({ kind: 'undescribed' });
  });
});
