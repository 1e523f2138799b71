import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createOutbound } from '@writ/outbound';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type ContentFacts,
  createHttpFetcher,
  createRemoteBundle,
  type Fetcher,
  type FetchOutcome,
  type RemoteBundle,
  type RemoteOptions,
  type RequiredSignature,
  readSource,
  signDetached,
  writeArchive,
} from '../src/index.ts';
import { keptContents } from '../src/remote/kept-contents.ts';
import { bundleOf, makeFolder, POLICY, problemsOf } from './bundle-fixture.ts';

const archiveOf = (revision: string, sequence?: number) =>
  writeArchive([
    {
      path: '.manifest',
      text: JSON.stringify({
        revision,
        roots: ['agent'],
        ...(sequence === undefined ? {} : { metadata: { writ: { sequence } } }),
      }),
    },
    { path: 'p.rego', text: POLICY },
  ]);

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function serve(handler: Handler): Promise<string> {
  const server: Server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/b.tar.gz`;
}

function http(url: string, options: Partial<Parameters<typeof createHttpFetcher>[0]> = {}): Fetcher {
  const outbound = createOutbound({ allowLoopback: true, timeoutMs: 1_000, responseBytesMax: 100_000 });
  const fetcher = createHttpFetcher({ url, outbound, detached: false, ...options });
  onTestFinished(() => fetcher.close());
  return fetcher;
}

const ask = (fetcher: Fetcher, since?: string) => fetcher.fetch(since, new AbortController().signal);
const failure = async (fetcher: Fetcher) => {
  const outcome = await ask(fetcher);
  return outcome.kind === 'failed' ? outcome.problem : outcome;
};

describe('fetching by HTTP', () => {
  it('takes what is new and leaves what is known, by its ETag', async () => {
    const asked: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      asked.push(request.headers['if-none-match']);
      if (request.headers['if-none-match'] === '"2"') response.writeHead(304).end();
      else response.writeHead(200, { etag: '"2"' }).end(archiveOf('r2'));
    });
    const fetcher = http(url, { headers: () => ({ authorization: 'Bearer t' }) });
    expect(await ask(fetcher)).toMatchObject({ kind: 'fetched', fetched: { tag: '"2"', detached: [] } });
    expect(await ask(fetcher, '"2"')).toEqual({ kind: 'unchanged' });
    expect(asked).toEqual([undefined, '"2"']);
  });

  it('waits at the server only where the server says that it can', async () => {
    const prefers: unknown[] = [];
    const url = await serve((request, response) => {
      prefers.push(request.headers['prefer']);
      response
        .writeHead(200, { 'content-type': 'application/vnd.openpolicyagent.bundles' })
        .end(archiveOf('r1'));
    });
    const fetcher = http(url, { longPollSeconds: 30 });
    expect(fetcher.waits).toBe(false);
    await ask(fetcher);
    expect(fetcher.waits).toBe(true);
    await ask(fetcher);
    expect(prefers).toEqual(['modes=snapshot', 'modes=snapshot;wait=30']);
  });

  it('asks for a delta where what it would change is at hand, and tells one by its patch', async () => {
    const prefers: unknown[] = [];
    const delta = writeArchive([
      { path: '.manifest', text: '{}' },
      { path: 'patch.json', text: '{}' },
    ]);
    const url = await serve((request, response) => {
      prefers.push(request.headers['prefer']);
      const known = request.headers['if-none-match'] === '"1"';
      response.writeHead(200, { etag: '"2"' }).end(known ? delta : archiveOf('r2'));
    });
    const fetcher = http(url);
    const { signal } = new AbortController();
    expect(await fetcher.fetch('"1"', signal, true)).toMatchObject({ kind: 'delta', tag: '"2"' });
    expect(await fetcher.fetch('"0"', signal, true)).toMatchObject({ kind: 'fetched' });
    expect(await fetcher.fetch(undefined, signal, true)).toMatchObject({ kind: 'fetched' });
    expect(await http(url, { detached: true }).fetch('"0"', signal, true)).toMatchObject({ kind: 'fetched' });
    expect(prefers.slice(0, 4)).toEqual([
      'modes=snapshot,delta',
      'modes=snapshot,delta',
      'modes=snapshot',
      'modes=snapshot',
    ]);
  });

  const faults: [string, Handler, RegExp][] = [
    ['401', (_, response) => response.writeHead(401).end(), /answered 401/],
    ['404', (_, response) => response.writeHead(404).end(), /answered 404/],
    ['500', (_, response) => response.writeHead(500).end('x'), /answered 500/],
    ['a closed connection', (_, response) => response.destroy(), /connection failed/],
    ['silence', () => undefined, /in time/],
    [
      'a slow trickle',
      (_, response) => {
        response.writeHead(200);
        const timer = setInterval(() => response.write('x'), 100);
        response.on('close', () => clearInterval(timer));
      },
      /in time/,
    ],
    [
      'a cut body',
      (_, response) => {
        response.writeHead(200, { 'content-length': '5000' });
        response.write(Buffer.alloc(100), () => response.destroy());
      },
      /connection failed/,
    ],
    ['too much', (_, response) => response.writeHead(200).end(Buffer.alloc(200_000)), /larger/],
    [
      'a redirect to a metadata service',
      (_, response) => response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end(),
      /may not/,
    ],
    [
      'a redirect in a circle',
      (_, response) => response.writeHead(302, { location: '/b.tar.gz' }).end(),
      /redirects/,
    ],
  ];
  it.each(faults)('[P-BUNDLE-LAST-GOOD] %s is a failure, not a bundle', async (_name, handler, message) => {
    const problem = await failure(http(`${await serve(handler)}?sig=secret`));
    expect(problem).toMatchObject({ code: 'bundle_unavailable', message: expect.stringMatching(message) });
    expect(JSON.stringify(problem)).not.toContain('secret');
  });

  it('brings the signatures that are published beside it', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const archive = archiveOf('r1');
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const signed = signDetached(archive, { key, form: 'sigstore' });
    const url = await serve((request, response) => {
      if (request.url === '/b.tar.gz') response.writeHead(200).end(archive);
      else if (request.url === '/b.tar.gz.sigstore.json' && signed.ok)
        response.writeHead(200).end(signed.text);
      else response.writeHead(404).end();
    });
    const remote = await started(http(url, { detached: true }));
    const security: RequiredSignature = {
      name: 'security',
      form: 'detached',
      keys: { s: { algorithm: 'ES256', key: publicKey.export({ type: 'spki', format: 'pem' }).toString() } },
    };
    expect(
      bundleOf(await readSource({ kind: 'remote', remote, signatures: [security] })).signatures,
    ).toHaveLength(1);
  });
});

/** What is published, changed by the test. */
function published(): {
  fetcher: Fetcher;
  publish: (outcome: FetchOutcome) => void;
  asked: (string | undefined)[];
} {
  let outcome: FetchOutcome = {
    kind: 'failed',
    problem: { code: 'bundle_unavailable', message: 'nothing yet' },
  };
  const asked: (string | undefined)[] = [];
  return {
    asked,
    publish: (next) => {
      outcome = next;
    },
    fetcher: {
      place: 'the test',
      waits: false,
      fetch: (since) => {
        asked.push(since);
        const isKnown = outcome.kind === 'fetched' && outcome.fetched.tag === since;
        return Promise.resolve(isKnown ? { kind: 'unchanged' } : outcome);
      },
      close: () => Promise.resolve(),
    },
  };
}

const content = (tag: string, sequence?: number): FetchOutcome => ({
  kind: 'fetched',
  fetched: { archive: archiveOf(tag, sequence), detached: [], tag },
});

const FACTS: ContentFacts = { revision: 'r', digest: 'sha256:r', signedBy: [] };

async function started(fetcher: Fetcher, options: Partial<RemoteOptions> = {}): Promise<RemoteBundle> {
  const remote = createRemoteBundle({ name: 'b', fetcher, directory: makeFolder({}), pollMs: 5, ...options });
  onTestFinished(() => remote.close());
  await remote.start();
  return remote;
}

const changed = (remote: RemoteBundle) => new Promise<void>((resolve) => remote.onChange(resolve));
const revisionOf = async (remote: RemoteBundle) =>
  bundleOf(await readSource({ kind: 'remote', remote })).revision;

describe('keeping up with what is published', () => {
  it('hands over what is new once, keeps it when it was accepted, and puts it aside when it was refused', async () => {
    const { fetcher, publish } = published();
    publish(content('r1'));
    const remote = await started(fetcher);
    expect(await revisionOf(remote)).toBe('r1');
    await remote.accepted(remote.current(), FACTS);
    const next = changed(remote);
    publish(content('r2'));
    await next;
    expect(await revisionOf(remote)).toBe('r2');
    remote.refused(remote.current());
    expect(await revisionOf(remote)).toBe('r1');
    const later = changed(remote);
    publish(content('r3'));
    await later;
    expect(await revisionOf(remote)).toBe('r3');
  });

  it('keeps what came while something else was judged', async () => {
    const { fetcher, publish } = published();
    publish(content('r1'));
    const remote = await started(fetcher);
    const judged = remote.current();
    const next = changed(remote);
    publish(content('r2'));
    await next;
    remote.refused(judged);
    expect(await revisionOf(remote)).toBe('r2');
    await remote.accepted(judged, FACTS);
    expect(await revisionOf(remote)).toBe('r2');
  });

  it('[P-BUNDLE-LAST-GOOD] starts with the last good one where nothing can be fetched, and says how old it is', async () => {
    const directory = makeFolder({});
    const first = published();
    first.publish(content('r1'));
    const one = await started(first.fetcher, { directory, now: () => 1_000 });
    await one.accepted(one.current(), FACTS);
    await one.close();
    const two = await started(published().fetcher, { directory, now: () => 61_000 });
    expect(await revisionOf(two)).toBe('r1');
    expect(two.status()).toMatchObject({
      from: 'disk',
      ageMs: 60_000,
      stale: false,
      failure: { code: 'bundle_unavailable' },
    });
  });

  it('[P-BUNDLE-LAST-GOOD] a damaged last good one is none', async () => {
    const directory = makeFolder({});
    const file = keptContents(directory, 'b');
    await file.write({ archive: archiveOf('r1'), detached: [], tag: 'x', confirmedAt: 1 }, FACTS);
    expect(await file.read()).toMatchObject({ tag: 'x' });
    const archive = readdirSync(directory).find((name) => name.endsWith('.tar.gz'))!;
    writeFileSync(join(directory, archive), archiveOf('r2'));
    expect(await file.read()).toBeUndefined();
    const remote = await started(published().fetcher, { directory });
    expect(problemsOf(await readSource({ kind: 'remote', remote }))[0]).toMatchObject({
      code: 'bundle_unavailable',
      message: 'nothing yet',
    });
  });

  it('[P-BUNDLE-MAX-AGE] is stale beyond its greatest age, until it is confirmed again', async () => {
    let now = 0;
    const { fetcher, publish } = published();
    publish(content('r1'));
    const remote = await started(fetcher, { maxAgeMs: 50_000, now: () => now, pollMs: 1_000_000 });
    await remote.accepted(remote.current(), FACTS);
    now = 50_000;
    expect(remote.status().stale).toBe(false);
    now = 50_001;
    expect(remote.status().stale).toBe(true);
  });

  it('[P-BUNDLE-MAX-AGE] what was never fetched is stale, and what is refused confirms nothing', async () => {
    const none = await started(published().fetcher, { maxAgeMs: 1 });
    expect(none.status().stale).toBe(true);
    let now = 0;
    const { fetcher, publish } = published();
    publish(content('r1'));
    const remote = await started(fetcher, { maxAgeMs: 10, now: () => now, pollMs: 1 });
    await remote.accepted(remote.current(), FACTS);
    const next = changed(remote);
    now = 11;
    publish(content('r2'));
    await next;
    remote.refused(remote.current());
    expect(remote.status()).toMatchObject({ stale: true, ageMs: 11 });
  });

  it('keeps earlier contents, as many as it is told, and takes one back that an operator offers', async () => {
    const directory = makeFolder({});
    const { fetcher, publish } = published();
    publish(content('r1'));
    const remote = await started(fetcher, { directory, keep: 2 });
    const accept = async (revision: string) =>
      remote.accepted(remote.current(), { ...FACTS, revision, digest: `sha256:${revision}` });
    await accept('r1');
    for (const revision of ['r2', 'r3']) {
      const next = changed(remote);
      publish(content(revision));
      await next;
      await accept(revision);
    }
    const history = await remote.history();
    expect(history.map(({ revision }) => revision)).toEqual(['r3', 'r2']);
    expect(readdirSync(directory).filter((name) => name.endsWith('.tar.gz'))).toHaveLength(2);
    const kept = await remote.kept(history[1]!.digest);
    expect(kept?.archive).toEqual(Buffer.from(archiveOf('r2')));
    expect(await remote.kept('sha256:0')).toBeUndefined();
    const refused = remote.offer(kept!);
    remote.refused(remote.current(), 'not today');
    expect(await refused).toEqual({ kind: 'refused', why: 'not today' });
    expect(remote.status().rolledBack).toBe(false);
    const offered = remote.offer(kept!);
    expect(await revisionOf(remote)).toBe('r2');
    remote.deferred(remote.current());
    expect(await offered).toEqual({ kind: 'waiting' });
    expect([await revisionOf(remote), remote.status().waiting]).toEqual(['r3', true]);
    remote.retry();
    await accept('r2');
    expect(remote.status()).toMatchObject({ rolledBack: true, waiting: false });
    await remote.close();
    const again = await started(fetcher, { directory, keep: 2 });
    expect([await revisionOf(again), again.status().rolledBack]).toEqual(['r2', true]);
    const later = again.offer(kept!);
    const news = changed(again);
    publish(content('r4'));
    await news;
    expect(await later).toEqual({ kind: 'overtaken' });
    expect(await revisionOf(again)).toBe('r4');
    await again.close();
    expect(await again.offer(kept!)).toEqual({ kind: 'overtaken' });
  });

  it('asks again ever later after failures, never at once, and moves each wait by chance', async () => {
    const { fetcher, asked } = published();
    const remote = await started(fetcher, { pollMs: 1, random: () => 0 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(asked).toHaveLength(1);
    expect(remote.status().failure?.message).toBe('nothing yet');
  });

  it('[P-BUNDLE-NO-DOWNGRADE] a lower sequence, or none, is refused after a higher one, also after a restart', async () => {
    const directory = makeFolder({});
    const { fetcher, publish } = published();
    publish(content('r2', 2));
    const remote = await started(fetcher, { directory });
    await remote.accepted(remote.current(), { ...FACTS, sequence: 2 });
    const next = changed(remote);
    publish(content('r1', 1));
    await next;
    expect(problemsOf(await readSource({ kind: 'remote', remote }))[0]).toMatchObject({
      code: 'bundle_downgrade',
      bundle: 'b',
    });
    remote.refused(remote.current());
    expect(await revisionOf(remote)).toBe('r2');
    await remote.close();
    const none = published();
    none.publish(content('r0'));
    const again = await started(none.fetcher, { directory });
    expect(problemsOf(await readSource({ kind: 'remote', remote: again }))[0]?.code).toBe('bundle_downgrade');
  });
});
