import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { symlinkSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { join } from 'node:path';
import { createOutbound } from '@writ/outbound';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  createGitFetcher,
  createHttpFetcher,
  createOciFetcher,
  type Fetcher,
  type FetchOutcome,
  type RequiredSignature,
  readDirectory,
  readTarball,
  readTarballBytes,
  signBundle,
  signDetached,
  writeArchive,
} from '../src/index.ts';
import { bundleOf, makeFolder, makeSigner, POLICY, problemsOf, writeFiles } from './bundle-fixture.ts';

/** What can go wrong between a place where bundles are and whoever reads them. */
const FAULTS = ['outage', 'slow', 'truncated', 'unchanged', '401', 'redirect', 'changed under us'] as const;
type Fault = (typeof FAULTS)[number];
type Source = 'directory' | 'http' | 'oci' | 'git';

/** A test by what it shows, or why there is nothing to test. */
type Cell = Readonly<Record<string, () => Promise<void>>> | string;

const { signing, keys } = makeSigner();
const INSIDE: RequiredSignature = { name: 'author', form: 'bundle', keys };
const BESIDE: RequiredSignature = { name: 'security', form: 'detached', keys };

const filesOf = (revision: string) => ({
  '.manifest': JSON.stringify({ revision, roots: ['agent', 'limits'] }),
  'limits/data.json': JSON.stringify({ revision }),
  'p.rego': `${POLICY}# ${revision}\n`,
});
const archiveOf = (revision: string) =>
  writeArchive(Object.entries(filesOf(revision)).map(([path, text]) => ({ path, text })));

async function signedFiles(revision: string): Promise<Record<string, string>> {
  const files = filesOf(revision);
  const signed = await signBundle(
    Object.entries(files).map(([path, text]) => ({ path, bytes: Buffer.from(text) })),
    signing,
  );
  if (!signed.ok) throw new Error(JSON.stringify(signed.problems));
  return { ...files, '.signatures.json': signed.text };
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function listening(server: Server): Promise<string> {
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const serve = (handler: Handler) => listening(createHttpServer(handler));

/** A port where nobody listens any more. */
async function gone(): Promise<string> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `127.0.0.1:${port}`;
}

function outbound() {
  const made = createOutbound({ allowLoopback: true, timeoutMs: 500, responseBytesMax: 1_000_000 });
  onTestFinished(() => made.close());
  return made;
}

const fetchFrom = (fetcher: Fetcher, since?: string) => fetcher.fetch(since, new AbortController().signal);
const http = (host: string, detached = false) =>
  createHttpFetcher({
    url: `http://${host}/b.tar.gz?token=secret`,
    outbound: outbound(),
    detached,
    headers: () => ({ authorization: 'Bearer secret' }),
  });
const oci = (host: string) =>
  createOciFetcher({
    reference: `${host}/policies/b:live`,
    insecure: true,
    outbound: outbound(),
    credentials: () => ({ username: 'writ', password: 'secret' }),
  });
const git = (repository: string) =>
  createGitFetcher({ repository, ref: 'main', directory: join(makeFolder({}), 'git'), timeoutMs: 2_000 });

async function fails(fetcher: Fetcher, message: RegExp): Promise<void> {
  const outcome = await fetchFrom(fetcher);
  expect(outcome).toMatchObject({
    kind: 'failed',
    problem: { code: 'bundle_unavailable', message: expect.stringMatching(message) },
  });
  expect(JSON.stringify(outcome)).not.toContain('secret');
}

function fetched(outcome: FetchOutcome) {
  if (outcome.kind !== 'fetched') throw new Error(JSON.stringify(outcome));
  return outcome.fetched;
}

const digestOf = (bytes: Uint8Array) => `sha256:${hash('sha256', bytes, 'hex')}`;

/** A registry of one bundle; `over` answers in its place where it gives true. */
function registry(archive: Uint8Array, over: (...of: Parameters<Handler>) => boolean = () => false) {
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      layers: [
        {
          mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
          digest: digestOf(archive),
          size: archive.length,
        },
      ],
    }),
  );
  const handler: Handler = (request, response) => {
    if (over(request, response)) return;
    if (request.url?.includes('/manifests/') === true)
      response.writeHead(200, { 'docker-content-digest': digestOf(manifest) }).end(manifest);
    else if (request.url?.endsWith(digestOf(archive)) === true) response.writeHead(200).end(archive);
    else response.writeHead(404).end();
  };
  return { handler, tag: digestOf(manifest) };
}
const isBlob = ({ url }: IncomingMessage) => url?.includes('/blobs/') === true;

function commit(folder: string, ...words: string[]): string {
  return execFileSync(
    'git',
    ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'init.defaultBranch=main', ...words],
    { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
  ).trim();
}

function repository(): string {
  const folder = makeFolder(filesOf('r1'));
  for (const words of [
    ['init', '-q'],
    ['add', '-A'],
    ['commit', '-qm', 'one'],
  ])
    commit(folder, ...words);
  return folder;
}

const METADATA = 'http://169.254.169.254/latest';

const MATRIX: Readonly<Record<Source, Readonly<Record<Fault, Cell>>>> = {
  directory: {
    outage: {
      'a folder or an archive that is gone': async () => {
        for (const read of [readDirectory(join(makeFolder({}), 'x')), readTarball('/nowhere/x.tar.gz')])
          expect(problemsOf(await read)[0]).toMatchObject({ code: 'bundle_unreadable' });
      },
    },
    slow: {
      'a pipe that nobody writes into is refused, not waited for': async () => {
        const folder = makeFolder(filesOf('r1'));
        execFileSync('mkfifo', [join(folder, 'q.rego')]);
        expect(problemsOf(await readDirectory(folder))[0]).toMatchObject({
          code: 'bundle_unreadable',
          message: 'not a plain file',
        });
      },
    },
    truncated: {
      'half of an archive, half of a document': async () => {
        const archive = archiveOf('r1');
        const folder = makeFolder(filesOf('r1'));
        writeFileSync(join(folder, 'b.tar.gz'), archive.subarray(0, archive.length / 2));
        const cut = await readTarball(join(folder, 'b.tar.gz'));
        expect(problemsOf(cut)[0]).toMatchObject({ code: 'bundle_unreadable' });
        writeFileSync(join(folder, 'limits/data.json'), '{"revision": "r');
        expect(problemsOf(await readDirectory(folder))[0]).toMatchObject({ code: 'data_invalid' });
      },
    },
    unchanged: {
      'has the same digest, so that nothing is activated anew': async () => {
        const folder = makeFolder(filesOf('r1'));
        const { digest } = bundleOf(await readDirectory(folder));
        writeFiles(folder, filesOf('r1'));
        expect(bundleOf(await readDirectory(folder)).digest).toBe(digest);
      },
    },
    '401':
      process.getuid?.() === 0
        ? '(skipped: root may read everything; run the tests as another user)'
        : {
            'a file that may not be read': async () => {
              const folder = makeFolder(filesOf('r1'));
              writeFileSync(join(folder, 'q.rego'), POLICY, { mode: 0o000 });
              expect(problemsOf(await readDirectory(folder))[0]).toMatchObject({
                code: 'bundle_unreadable',
                message: expect.stringContaining('EACCES'),
              });
            },
          },
    redirect: {
      'a link that leads out is refused': async () => {
        const folder = makeFolder(filesOf('r1'));
        symlinkSync('/etc/passwd', join(folder, 'q.rego'));
        expect(problemsOf(await readDirectory(folder))[0]).toMatchObject({ code: 'bundle_link_refused' });
      },
    },
    'changed under us': {
      'a signed folder that is written meanwhile is one version, the other, or refused': async () => {
        const [one, other] = [await signedFiles('r1'), await signedFiles('r2')];
        const folder = makeFolder(one);
        const expected = new Set<string>();
        for (const files of [one, other]) {
          writeFiles(folder, files);
          expected.add(bundleOf(await readDirectory(folder, { signatures: [INSIDE] })).digest);
        }
        const seen = { whole: 0, refused: 0 };
        for (let turn = 0; turn < 100; turn += 1) {
          const reading = readDirectory(folder, { signatures: [INSIDE] });
          for (const [path, text] of Object.entries(turn % 2 === 0 ? one : other)) {
            writeFileSync(join(folder, path), text);
            await new Promise((resolve) => setImmediate(resolve));
          }
          const read = await reading;
          if (read.ok) {
            seen.whole += 1;
            expect(expected.has(read.bundle.digest)).toBe(true);
          } else seen.refused += 1;
        }
        expect(seen.whole + seen.refused).toBe(100);
      },
    },
  },
  http: {
    outage: {
      'nobody listens, or hangs up': async () => {
        await fails(http(await gone()), /connection failed/);
        await fails(http(await serve((_, response) => response.destroy())), /connection failed/);
        await fails(http(await serve((_, response) => response.writeHead(503).end())), /answered 503/);
      },
    },
    slow: {
      'silence, and a trickle without end': async () => {
        await fails(http(await serve(() => undefined)), /in time/);
        const trickle = await serve((_, response) => {
          const timer = setInterval(() => response.write('x'), 50);
          response.on('close', () => clearInterval(timer));
        });
        await fails(http(trickle), /in time/);
      },
    },
    truncated: {
      'a body that ends before its length, and one that says none': async () => {
        const archive = archiveOf('r1');
        const half = archive.subarray(0, archive.length / 2);
        const cut = await serve((_, response) => {
          response.writeHead(200, { 'content-length': archive.length });
          response.write(half, () => response.destroy());
        });
        await fails(http(cut), /connection failed/);
        const whole = await serve((_, response) => response.end(half));
        const { archive: bytes } = fetched(await fetchFrom(http(whole)));
        expect(problemsOf(await readTarballBytes(bytes, { name: 'b' }))[0]?.code).toBe('bundle_unreadable');
      },
    },
    unchanged: {
      '304 to the ETag of before': async () => {
        const host = await serve((request, response) => {
          if (request.headers['if-none-match'] === '"1"') response.writeHead(304).end();
          else response.writeHead(200, { etag: '"1"' }).end(archiveOf('r1'));
        });
        const { tag } = fetched(await fetchFrom(http(host)));
        expect(await fetchFrom(http(host), tag)).toEqual({ kind: 'unchanged' });
      },
    },
    '401': {
      'says what is wrong, without the credential': async () =>
        fails(http(await serve((_, response) => response.writeHead(401).end('secret'))), /answered 401/),
    },
    redirect: {
      'is followed to the same place and to another without the credential': async () => {
        const seen: (string | undefined)[] = [];
        const other = await serve((request, response) => {
          seen.push(request.headers.authorization);
          response.end(archiveOf('r1'));
        });
        const host = await serve((request, response) => {
          seen.push(request.headers.authorization);
          const location = request.url?.startsWith('/b') === true ? '/moved' : `http://${other}/b`;
          response.writeHead(302, { location }).end();
        });
        fetched(await fetchFrom(http(host)));
        expect(seen).toEqual(['Bearer secret', 'Bearer secret', undefined]);
      },
      'to an address that is forbidden is refused': async () =>
        fails(
          http(await serve((_, response) => response.writeHead(307, { location: METADATA }).end())),
          /may not/,
        ),
    },
    'changed under us': {
      'an archive and the signature of the next one do not fit': async () => {
        let turn = 0;
        const host = await serve((request, response) => {
          if (request.url?.includes('.sigstore.json') === true) response.writeHead(404).end();
          else if (request.url?.includes('.sig') === true) {
            const signed = signDetached(archiveOf('r2'), { key: signing.key, form: 'plain' });
            response.end(signed.ok ? signed.text : '');
          } else {
            turn += 1;
            response.writeHead(200, { etag: `"${turn}"` }).end(archiveOf(`r${turn}`));
          }
        });
        const read = async () => readTarballBytes(...argumentsOf(fetched(await fetchFrom(http(host, true)))));
        expect(problemsOf(await read())[0]?.code).toBe('bundle_signature_invalid');
        // The next question brings both of one version.
        expect(bundleOf(await read()).revision).toBe('r2');
      },
    },
  },
  oci: {
    outage: {
      'nobody listens, or there is no manifest': async () => {
        await fails(oci(await gone()), /connection failed/);
        await fails(oci(await serve((_, response) => response.writeHead(404).end())), /answered 404/);
      },
    },
    slow: {
      'silence for the manifest, and for the layer': async () => {
        await fails(oci(await serve(() => undefined)), /in time/);
        await fails(oci(await serve(registry(archiveOf('r1'), isBlob).handler)), /in time/);
      },
    },
    truncated: {
      'a layer that is cut is not what its digest says': async () => {
        const archive = archiveOf('r1');
        const { handler } = registry(archive, (request, response) => {
          if (!isBlob(request)) return false;
          response.end(archive.subarray(0, -1));
          return true;
        });
        await fails(oci(await serve(handler)), /missing or not what its digest says/);
      },
    },
    unchanged: {
      'the same manifest, and no layer is asked for': async () => {
        const asked: (string | undefined)[] = [];
        const { handler, tag } = registry(archiveOf('r1'), ({ url }) => {
          asked.push(url);
          return false;
        });
        expect(await fetchFrom(oci(await serve(handler)), tag)).toEqual({ kind: 'unchanged' });
        expect(asked).toHaveLength(1);
      },
    },
    '401': {
      'says what is wrong; no password goes to a token service that is none': async () => {
        await fails(oci(await serve((_, response) => response.writeHead(401).end())), /answered 401/);
        const header = { 'www-authenticate': `Bearer realm="${METADATA}",service="x"` };
        await fails(oci(await serve((_, response) => response.writeHead(401, header).end())), /may not/);
      },
      'a password that came encrypted does not leave in the clear': async () => {
        const asked: string[] = [];
        const responses = async (url: string | URL) => {
          asked.push(String(url));
          const challenge = { 'www-authenticate': 'Bearer realm="http://tokens.example/t"' };
          return { status: 401, headers: challenge, url: String(url), body: new Uint8Array() };
        };
        const fetcher = createOciFetcher({
          reference: 'registry.example/p:v1',
          outbound: { fetch: responses, close: async () => undefined },
          credentials: () => ({ username: 'writ', password: 'secret' }),
        });
        await fails(fetcher, /answered 401/);
        expect(asked).toEqual(['https://registry.example/v2/p/manifests/v1']);
      },
    },
    redirect: {
      'of a layer is followed to another place without the password': async () => {
        const archive = archiveOf('r1');
        const seen: (string | undefined)[] = [];
        const store = await serve((request, response) => {
          seen.push(request.headers.authorization);
          response.end(archive);
        });
        const { handler } = registry(archive, (request, response) => {
          if (!isBlob(request)) return false;
          response.writeHead(307, { location: `http://${store}/layer` }).end();
          return true;
        });
        fetched(await fetchFrom(oci(await serve(handler))));
        expect(seen).toEqual([undefined]);
      },
      'to an address that is forbidden is refused': async () => {
        const { handler } = registry(archiveOf('r1'), (request, response) => {
          if (!isBlob(request)) return false;
          response.writeHead(307, { location: METADATA }).end();
          return true;
        });
        await fails(oci(await serve(handler)), /may not/);
      },
    },
    'changed under us': {
      'a tag that moves between manifest and layer gives nothing, or what the manifest named': async () => {
        const { handler } = registry(archiveOf('r1'), (request, response) => {
          if (!isBlob(request)) return false;
          response.end(archiveOf('r2'));
          return true;
        });
        await fails(oci(await serve(handler)), /not what its digest says/);
      },
      'a manifest under a digest that is not its own is refused': async () => {
        const { handler } = registry(archiveOf('r1'), (request, response) => {
          if (isBlob(request)) return false;
          response
            .writeHead(200, { 'docker-content-digest': `sha256:${'0'.repeat(64)}` })
            .end('{"layers":[]}');
          return true;
        });
        await fails(oci(await serve(handler)), /is not the one with digest/);
      },
    },
  },
  git: {
    outage: {
      'nobody listens, or there is no repository': async () => {
        await fails(git(`git://${await gone()}/p`), /cannot be fetched/);
        await fails(git(join(makeFolder({}), 'absent')), /cannot be fetched/);
      },
    },
    slow: {
      'a server that takes the connection and says nothing': async () =>
        fails(git(`git://${await listening(createTcpServer())}/p`), /cannot be fetched/),
    },
    truncated: {
      'a server that breaks off': async () => {
        const host = await listening(
          createTcpServer((socket) => {
            socket.on('error', () => undefined);
            socket.end('00a5');
          }),
        );
        await fails(git(`git://${host}/p`), /cannot be fetched/);
      },
    },
    unchanged: {
      'the same commit, and nothing is fetched': async () => {
        const folder = repository();
        const { tag } = fetched(await fetchFrom(git(folder)));
        expect(await fetchFrom(git(folder), tag)).toEqual({ kind: 'unchanged' });
      },
    },
    '401': {
      'asks nobody for a password': async () => {
        const challenge = { 'www-authenticate': 'Basic realm="x"' };
        const host = await serve((_, response) => response.writeHead(401, challenge).end());
        await fails(git(`http://${host}/p`), /cannot be fetched/);
      },
    },
    redirect: {
      'is not followed, wherever it leads': async () => {
        let reached = 0;
        const other = await serve((_, response) => {
          reached += 1;
          response.writeHead(404).end();
        });
        const host = await serve(({ url }, response) =>
          response.writeHead(302, { location: `http://${other}${url}` }).end(),
        );
        await fails(git(`http://${host}/p`), /cannot be fetched/);
        expect(reached).toBe(0);
      },
    },
    'changed under us': {
      'a branch that moves: what is packed is the commit that it is named after': async () => {
        const folder = repository();
        const first = commit(folder, 'rev-parse', 'HEAD');
        const fetcher = git(folder);
        expect(fetched(await fetchFrom(fetcher)).tag).toBe(first);
        const seen = new Set<string>();
        for (let turn = 2; turn < 8; turn += 1) {
          const fetching = fetchFrom(fetcher, first);
          writeFiles(folder, filesOf(`r${turn}`));
          commit(folder, 'commit', '-qam', `r${turn}`);
          const outcome = await fetching;
          if (outcome.kind !== 'fetched') continue;
          const { archive, tag } = outcome.fetched;
          const { revision } = bundleOf(await readTarballBytes(archive, { name: 'b' }));
          expect(commit(folder, 'show', `${tag}:limits/data.json`)).toBe(JSON.stringify({ revision }));
          seen.add(tag);
        }
        expect(seen.size).toBeGreaterThan(0);
      },
    },
  },
};

function argumentsOf({ archive, detached }: ReturnType<typeof fetched>): Parameters<typeof readTarballBytes> {
  return [archive, { name: 'b', signatures: [BESIDE], detached }];
}

describe.each(Object.entries(MATRIX))('[P-BUNDLE-LAST-GOOD] %s', (_source, row) => {
  for (const fault of FAULTS) {
    const cell = row[fault];
    if (typeof cell === 'string') it.skip(`${fault}: ${cell}`, () => undefined);
    else for (const [shows, run] of Object.entries(cell)) it(`${fault}: ${shows}`, run);
  }
});
