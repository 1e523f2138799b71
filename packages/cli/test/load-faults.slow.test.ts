import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readEntry } from '@writ/ledger';
import { openStoreReader } from '@writ/store';
import { findOpa, type RunningWrit, startWrit } from '@writ/testing';
import { afterEach, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const BUNDLE = join(root, 'examples/tutorial/bundle');
const CONNECTIONS = 16;

const found = await findOpa();
const opa =
  typeof found === 'string' ? { binary: found, note: '' } : { binary: '', note: ` (skipped: ${found.skip})` };
const canLimit = spawnSync('prlimit', ['--version']).status === 0;
const isLinux = process.platform === 'linux';

const opened: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'writ-load-'));
  opened.push(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

async function serve(data: string, config: object = {}): Promise<RunningWrit> {
  const file = join(folder(), 'writ.yaml');
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ evaluation_timeout_ms: 1_500, ...config }));
  const service = await startWrit(['serve', '--config', file, '--bundle', BUNDLE], data, root);
  opened.push(() => service.stop('SIGKILL').catch(() => undefined));
  return service;
}

/** What came of one call: the decision, or that there was no answer. */
type Outcome =
  | { readonly kind: 'decision'; readonly id: string; readonly effect: string; readonly reason: string }
  | { readonly kind: 'refused'; readonly status: number };

async function decide(api: string, tag: string): Promise<Outcome> {
  const request = {
    principal: { id: `user:${tag}`, scopes: ['read'] },
    actor: { id: 'agent:ops' },
    action: { type: 'tool_call', phase: 'call', tool: 'db.read', args: { table: 'orders', tag } },
  };
  try {
    const response = await fetch(`${api}/v1/decide`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ request }),
    });
    if (response.status !== 200) return { kind: 'refused', status: response.status };
    const body = (await response.json()) as { decision_id: string; effect: string; reason: string };
    return { kind: 'decision', id: body.decision_id, effect: body.effect, reason: body.reason };
  } catch {
    return { kind: 'refused', status: 0 };
  }
}

/** Calls one after another on each of several connections, until it is stopped. */
class Load {
  readonly outcomes: Outcome[] = [];
  readonly #running: Promise<void>[];
  #isStopped = false;

  constructor(api: string) {
    this.#running = Array.from({ length: CONNECTIONS }, (_, index) => this.#run(api, index));
  }

  async #run(api: string, index: number): Promise<void> {
    for (let count = 0; !this.#isStopped; count += 1)
      this.outcomes.push(await decide(api, `${index}-${count}`));
  }

  proceeded(): string[] {
    return this.outcomes.flatMap((each) =>
      each.kind === 'decision' && each.effect === 'proceed' ? [each.id] : [],
    );
  }

  reasons(): Set<string> {
    return new Set(this.outcomes.flatMap((each) => (each.kind === 'decision' ? [each.reason] : [])));
  }

  /** Waits until so many calls more have proceeded. */
  async more(count: number): Promise<void> {
    const wanted = this.proceeded().length + count;
    await expect
      .poll(() => this.proceeded().length, { timeout: 60_000, interval: 20 })
      .toBeGreaterThanOrEqual(wanted);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#running);
  }
}

/** Ids of the calls whose record says that they proceed. */
function recorded(data: string): { readonly ids: ReadonlySet<string>; readonly times: readonly number[] } {
  const reader = openStoreReader(data);
  try {
    const entries = [...reader.entries(0, reader.logSize())].flatMap((each) => {
      const read = readEntry(each);
      return read.ok ? [read.value] : [];
    });
    const proceeding = entries.filter(({ core }) => core.effect === 'proceed');
    return {
      ids: new Set(proceeding.flatMap(({ core }) => core.decision_id ?? [])),
      times: entries.map(({ time }) => Date.parse(time)),
    };
  } finally {
    reader.close();
  }
}

/** No call that was told to go on is missing in the record, whatever happened meanwhile. */
async function expectAllRecorded(load: Load, data: string): Promise<void> {
  const { ids } = recorded(data);
  expect(load.proceeded().filter((id) => !ids.has(id))).toEqual([]);
  const words = ['--disable-warning=ExperimentalWarning', 'packages/cli/src/main.ts', 'log', 'verify'];
  const verified = spawnSync(process.execPath, [...words, '--data', data], { cwd: root, encoding: 'utf8' });
  expect(verified.status, verified.stdout + verified.stderr).toBe(0);
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );
}

describe.skipIf(!isLinux)(`load with faults over HTTP${isLinux ? '' : ' (skipped: needs /proc)'}`, () => {
  it.skipIf(opa.binary === '')(
    `[P-FAIL-CLOSED] an OPA that is killed again and again allows nothing unrecorded, and is back afterwards${opa.note}`,
    async () => {
      const data = folder();
      const service = await serve(data, { engine: { kind: 'opa', command: opa.binary } });
      const load = new Load(service.api);
      await load.more(20);
      for (let turn = 0; turn < 3; turn += 1) {
        for (const child of childrenOf(service.child.pid!)) process.kill(child, 'SIGKILL');
        await expect
          .poll(() => load.reasons().has('policy_engine_unavailable'), { timeout: 20_000, interval: 10 })
          .toBe(true);
        await load.more(5);
      }
      await load.stop();
      await service.stop();
      await expectAllRecorded(load, data);
    },
  );

  it('[P-RECORD-BEFORE-RELEASE] a store whose owner stands still allows nothing, and goes on when it does', async () => {
    const data = folder();
    const owner = await serve(data);
    const client = await serve(data);
    const load = new Load(client.api);
    await load.more(20);
    process.kill(owner.child.pid!, 'SIGSTOP');
    // What was committed before may still be on its way.
    await sleep(500);
    const before = load.proceeded().length;
    // Nobody is left waiting: what cannot be committed is denied once its time is over.
    const reason = (): unknown => [...load.reasons()].filter((each) => each !== 'ok');
    await expect.poll(reason, { timeout: 60_000, interval: 50 }).not.toEqual([]);
    const stalled = load.outcomes.length;
    expect(load.proceeded().length - before).toBe(0);
    process.kill(owner.child.pid!, 'SIGCONT');
    await load.more(20);
    await load.stop();
    expect(load.outcomes.length).toBeGreaterThan(stalled);
    await client.stop();
    await owner.stop();
    await expectAllRecorded(load, data);
  });

  it('[P-RECORD-BEFORE-RELEASE] an owner that is killed under load loses nothing that was allowed', async () => {
    const data = folder();
    const owner = await serve(data);
    const client = await serve(data);
    const load = new Load(client.api);
    await load.more(20);
    process.kill(owner.child.pid!, 'SIGKILL');
    // The other process takes the data over.
    await load.more(20);
    await load.stop();
    await client.stop();
    await expectAllRecorded(load, data);
  });

  it.skipIf(!canLimit)(
    `[P-RECORD-BEFORE-RELEASE] a disk that is full denies with a code, and is used again when there is room${canLimit ? '' : ' (skipped: prlimit is not installed)'}`,
    async () => {
      const data = folder();
      const service = await serve(data);
      const limit = (bytes: string): unknown =>
        spawnSync('prlimit', ['--pid', String(service.child.pid), `--fsize=${bytes}:`]).status;
      const load = new Load(service.api);
      await load.more(20);
      expect(limit('40000')).toBe(0);
      await expect
        .poll(() => load.reasons().has('audit_unavailable'), { timeout: 30_000, interval: 20 })
        .toBe(true);
      const before = load.proceeded().length;
      await sleep(500);
      expect(load.proceeded().length).toBe(before);
      expect(limit('unlimited')).toBe(0);
      await load.more(20);
      await load.stop();
      await service.stop();
      await expectAllRecorded(load, data);
    },
  );

  it('[P-FAIL-CLOSED] a clock that is moved back and forth leaves a record in order, without a call beside it', async () => {
    const data = folder();
    const clock = join(folder(), 'clock');
    writeFileSync(clock, '0');
    const module = join(folder(), 'moved-clock.mjs');
    // Every thread of the service reads how far its clock is off.
    writeFileSync(
      module,
      `import { readFileSync } from 'node:fs';
const real = Date.now.bind(Date);
const off = () => Number(readFileSync(${JSON.stringify(clock)}, 'utf8')) || 0;
const Real = Date;
globalThis.Date = class extends Real {
  constructor(...given) { if (given.length === 0) super(real() + off()); else super(...given); }
  static now() { return real() + off(); }
};
`,
    );
    const options = process.env['NODE_OPTIONS'];
    process.env['NODE_OPTIONS'] = `${options ?? ''} --import ${module}`;
    let service: RunningWrit;
    try {
      service = await serve(data);
    } finally {
      if (options === undefined) delete process.env['NODE_OPTIONS'];
      else process.env['NODE_OPTIONS'] = options;
    }
    const load = new Load(service.api);
    await load.more(10);
    for (const off of ['-60000', '3600000', '-86400000', '0']) {
      writeFileSync(clock, off);
      const seen = load.outcomes.length;
      await expect.poll(() => load.outcomes.length - seen, { timeout: 20_000 }).toBeGreaterThan(20);
    }
    await load.stop();
    await service.stop();
    const { times } = recorded(data);
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(3_000_000);
    expect(times.some((time, index) => index > 0 && time < times[index - 1]!)).toBe(false);
    await expectAllRecorded(load, data);
  });
});
