import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { KillableThread } from '@writ/rego/node';
import { expect, it, onTestFinished } from 'vitest';
import { RestartingThread } from '../../src/engine/thread/restarting-thread.ts';

type Request = { readonly kind: 'load' | 'echo' | 'hang' | 'exit'; readonly n?: number };
type Reply = { readonly kind: 'loaded' } | { readonly kind: 'echoed'; readonly n: number };

const MODULE = `import { parentPort } from 'node:worker_threads';
let loaded = false;
parentPort.on('message', ({ kind, n }) => {
  if (kind === 'load') { loaded = true; parentPort.postMessage({ kind: 'loaded' }); return; }
  if (!loaded) throw new Error('asked before it was loaded');
  if (kind === 'hang') for (;;);
  if (kind === 'exit') process.exit(3);
  parentPort.postMessage({ kind: 'echoed', n });
});
`;

function start(): RestartingThread<Request, Reply> {
  const folder = mkdtempSync(join(tmpdir(), 'writ-thread-'));
  const file = join(folder, 'thread.mjs');
  writeFileSync(file, MODULE);
  const thread = new RestartingThread<Request, Reply>({
    start: () => new KillableThread(pathToFileURL(file), { heapMebibytesMax: 64, stackMebibytesMax: 4 }),
    load: { kind: 'load' },
    loadMsMax: 20_000,
  });
  onTestFinished(async () => {
    await thread.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return thread;
}

it('[P-ENGINE-DEADLINE] what waits behind a runaway gets its own answer from a thread that was loaded', async () => {
  const thread = start();
  for (const fault of ['hang', 'exit'] as const) {
    expect(await thread.ask({ kind: 'echo', n: 0 }, 20_000)).toEqual({ kind: 'echoed', n: 0 });
    const broken = thread.ask({ kind: fault }, 300);
    const behind = Array.from({ length: 8 }, (_, n) => thread.ask({ kind: 'echo', n }, 20_000));
    expect((await broken).kind).toBe(fault === 'hang' ? 'killed' : 'failed');
    expect(await Promise.all(behind)).toEqual(behind.map((_, n) => ({ kind: 'echoed', n })));
  }
});

it('begins nothing whose time is over, and nothing once it is closed', async () => {
  const thread = start();
  await thread.loaded();
  const first = thread.ask({ kind: 'hang' }, 300);
  const late = thread.ask({ kind: 'echo', n: 1 }, 50);
  expect([(await first).kind, (await late).kind]).toEqual(['killed', 'killed']);
  await thread.close();
  expect((await thread.ask({ kind: 'echo', n: 2 }, 1_000)).kind).toBe('failed');
});
