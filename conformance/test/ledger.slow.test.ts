import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import {
  type CheckpointSigner,
  cosignaturesOf,
  exportTiles,
  formatTlogProof,
  LEDGER_PROCEDURES,
  openFileSigner,
  parseTlogProof,
  parseVerifierKey,
  parseWitnessKey,
  proveEntry,
  proveEvidence,
  randomSalts,
  rotateKey,
  sealFields,
  startCheckpointer,
  startWitnessing,
  verifyLog,
  verifyPack,
  verifyTlogProof,
} from '@writ/ledger';
import { openStore, type Store } from '@writ/store';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const SOURCES = join(import.meta.dirname, '../ledger');
const FSCK = 'github.com/transparency-dev/tessera/cmd/fsck@v1.0.4';
const ENTRIES = 100_000;
const NEVER_MS = 2_000_000_000;
const folder = mkdtempSync(join(tmpdir(), 'writ-conformance-ledger-'));
/** Why the programs cannot be built here. */
let missing: string | undefined;

interface Finished {
  readonly code: number | null;
  readonly output: string;
}

async function run(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: object; readonly timeoutMs?: number } = {},
): Promise<Finished> {
  const { cwd = SOURCES, env = {}, timeoutMs = 600_000 } = options;
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  let output = '';
  child.stdout.on('data', (text) => {
    output += text;
  });
  child.stderr.on('data', (text) => {
    output += text;
  });
  const [code] = await once(child, 'close');
  return { code, output };
}

beforeAll(async () => {
  const env = { GOBIN: folder, CGO_ENABLED: '0' };
  const built = await run('go', ['build', '-buildvcs=false', '-o', `${folder}/`, './...'], { env }).catch(
    () => undefined,
  );
  const fsck = await run('go', ['install', FSCK], { env, cwd: folder }).catch(() => undefined);
  if (built === undefined || fsck === undefined) missing = 'Go is not installed';
  else if (
    [built, fsck].some(({ output }) =>
      /dial tcp|no such host|module lookup disabled|i\/o timeout/.test(output),
    )
  )
    missing = 'the Go modules cannot be downloaded';
  else if (built.code !== 0 || fsck.code !== 0) throw new Error(built.output + fsck.output);
}, 900_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A log on the real store, signed when the test asks. */
class Log implements AsyncDisposable {
  readonly root = mkdtempSync(join(folder, 'log-'));
  readonly directory = join(this.root, 'data');
  readonly keys = join(this.root, 'keys');
  readonly keyFile = join(this.directory, 'ledger.vkey');
  store!: Store;
  signer!: CheckpointSigner;
  #salts = randomSalts();

  async open(): Promise<this> {
    this.store = await openStore({ directory: this.directory, procedures: LEDGER_PROCEDURES });
    this.signer = openFileSigner(this.keys, { name: 'log.test/conformance' });
    return this;
  }

  async append(from: number, to: number, note = 'x'): Promise<void> {
    for (let first = from; first < to; first += 1_000) {
      const entries = Array.from({ length: Math.min(1_000, to - first) }, (_, each) => ({
        core: { kind: 'decision', decision_id: `dec-${first + each}`, phase: 'call', effect: 'proceed' },
        sealed: sealFields(
          { actor: 'agent:a', resources: [{ id: `cust-${first + each}` }], note },
          this.#salts,
        ),
      }));
      await this.store.call('ledger.append', { entries, trust: 'enforced' });
    }
  }

  async publish(signer = this.signer): Promise<string> {
    const { store, directory } = this;
    const checkpointer = startCheckpointer({
      store,
      directory,
      signer,
      trust: 'enforced',
      intervalMs: NEVER_MS,
    });
    const note = await checkpointer.publish();
    await checkpointer.close();
    if (note === undefined) throw new Error('nothing was signed');
    return note;
  }

  export(name = 'tiles'): string {
    const out = join(this.root, name);
    const written = exportTiles(this.directory, out);
    if (!written.ok) throw new Error(written.message);
    return out;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close().catch(() => undefined);
    rmSync(this.root, { recursive: true, force: true });
  }
}

const check = (tiles: string, keys: string, ...more: string[]) =>
  run(join(folder, 'check'), ['-dir', tiles, '-keys', keys, ...more]);

/** Tessera's own checker. It can end with status 0 without having verified, so its words count. */
async function fsck(tiles: string, keys: string): Promise<boolean> {
  const ran = await run(
    join(folder, 'fsck'),
    ['-N', '4', '--ui=false', '--storage_url', `file://${tiles}/`, '--public_key', keys],
    { timeoutMs: 20_000 },
  );
  return ran.output.includes("Successfully fsck'd");
}

describe('[P-LEDGER-INDEPENDENT] verifiers that share no code with us', () => {
  it(`take ${ENTRIES} entries, proofs at random positions and consistency of random sizes`, async (context) => {
    if (missing !== undefined) return context.skip(missing);
    await using log = await new Log().open();
    await log.append(0, ENTRIES / 2 + 77);
    await log.publish();
    log.export();
    await log.append(ENTRIES / 2 + 77, ENTRIES);
    await log.publish();
    const tiles = log.export();
    expect(await check(tiles, log.keyFile)).toEqual({ code: 0, output: `${ENTRIES} entries\n` });
    expect(await fsck(tiles, log.keyFile)).toBe(true);
    const files = [0, 255, 256, 65_535, 65_536, ENTRIES - 1].map((index) => {
      const proved = proveEntry(log.directory, index);
      if (!proved.ok) throw new Error(proved.message);
      const path = join(log.root, `${index}.tlog-proof`);
      writeFileSync(path, formatTlogProof(proved.proof));
      return path;
    });
    expect((await check(tiles, log.keyFile, ...files)).code).toBe(0);
    const own = [parseVerifierKey(log.signer.verifierKey)!];
    const read = files.map((file) => parseTlogProof(readFileSync(file, 'utf8'))!);
    expect(read.every((proof) => verifyTlogProof(proof, own))).toBe(true);
    const moved = join(log.root, 'moved.tlog-proof');
    writeFileSync(moved, formatTlogProof({ ...read[1]!, index: 254 }));
    expect((await check(tiles, log.keyFile, moved)).code).toBe(1);
    expect(verifyTlogProof({ ...read[1]!, index: 254 }, own)).toBe(false);
  }, 180_000);

  it('[P-LEDGER-TAMPERING] refuse every tampering of the exported log', async (context) => {
    if (missing !== undefined) return context.skip(missing);
    await using log = await new Log().open();
    await log.append(0, 1_000);
    await log.publish();
    const tiles = log.export();
    const other = openFileSigner(join(log.root, 'other'), { name: log.signer.name });
    const change = (path: string, edit: (bytes: Buffer) => Uint8Array) => (copy: string) =>
      writeFileSync(join(copy, path), edit(readFileSync(join(copy, path))));
    const entries = 'tile/entries/001';
    const length = (bytes: Buffer) => 2 + bytes.readUInt16BE(0);
    const cases: Readonly<Record<string, (copy: string) => void>> = {
      'a bit flipped in an entry': change(entries, (bytes) => bytes.fill(bytes[40]! ^ 1, 40, 41)),
      'a bit flipped in a hash': change('tile/0/002', (bytes) => bytes.fill(bytes[99]! ^ 1, 99, 100)),
      'a bit flipped above': change('tile/1/000.p/3', (bytes) => bytes.fill(bytes[5]! ^ 1, 5, 6)),
      'two entries swapped': change(entries, (bytes) => {
        const first = length(bytes);
        const second = length(bytes.subarray(first));
        return Buffer.concat([
          bytes.subarray(first, first + second),
          bytes.subarray(0, first),
          bytes.subarray(first + second),
        ]);
      }),
      'an entry dropped': change(entries, (bytes) => bytes.subarray(length(bytes))),
      'an entry repeated': change(entries, (bytes) =>
        Buffer.concat([bytes.subarray(0, length(bytes)), bytes]),
      ),
      'entries cut off': change('tile/entries/003.p/232', (bytes) => bytes.subarray(0, -10)),
      'a bundle of entries gone': (copy) => rmSync(join(copy, 'tile/entries/002')),
      'one bundle put for another': (copy) => cpSync(join(copy, 'tile/entries/000'), join(copy, entries)),
      'a checkpoint of another size': change('checkpoint', (bytes) =>
        Buffer.from(bytes.toString().replace('\n1000\n', '\n999\n')),
      ),
      'a checkpoint signed by another key': change('checkpoint', (bytes) =>
        Buffer.from(
          bytes.toString().replace(/— .*\n$/, `— ${other.name} ${Buffer.alloc(68, 7).toString('base64')}\n`),
        ),
      ),
    };
    for (const [what, tamper] of Object.entries(cases)) {
      const copy = join(log.root, 'tampered');
      rmSync(copy, { recursive: true, force: true });
      cpSync(tiles, copy, { recursive: true });
      tamper(copy);
      expect((await check(copy, log.keyFile)).code, what).toBe(1);
    }
    expect((await check(tiles, log.keyFile)).code).toBe(0);
    const copy = join(log.root, 'tampered');
    rmSync(copy, { recursive: true, force: true });
    cpSync(tiles, copy, { recursive: true });
    cases['a bit flipped in an entry']!(copy);
    expect(await fsck(copy, log.keyFile)).toBe(false);
  });
});

interface RunningWitness extends Disposable {
  readonly url: string;
  readonly vkey: string;
}

async function startWitness(keyFile: string): Promise<RunningWitness> {
  const child: ChildProcess = spawn(join(folder, 'witness'), ['-keys', keyFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: child.stdout! }), 'line');
  const [url = '', vkey = ''] = String(line).split(' ');
  return { url, vkey, [Symbol.dispose]: () => void child.kill() };
}

describe('[P-LEDGER-WITNESS] a witness that shares no code with us', () => {
  it('cosigns what continues, and refuses a fork that the right key signed', async (context) => {
    if (missing !== undefined) return context.skip(missing);
    await using log = await new Log().open();
    await log.append(0, 300);
    await log.publish();
    using witness = await startWitness(log.keyFile);
    const key = parseWitnessKey(witness.vkey)!;
    const faults: string[] = [];
    const options = {
      witnesses: [{ url: witness.url, key }],
      intervalMs: NEVER_MS,
      onFault: (message: string) => void faults.push(message),
    };
    const witnessing = startWitnessing({ store: log.store, ...options });
    expect(await witnessing.witness()).toBe(1);
    await log.append(300, 777);
    await log.publish();
    expect(await witnessing.witness()).toBe(1);
    await witnessing.close();
    const again = startWitnessing({ store: log.store, ...options });
    expect(await again.witness()).toBe(1);
    await again.close();
    const cosigned = (await log.store.read('ledger/latest-cosigned'))!;
    expect(cosignaturesOf(cosigned, [key])).toHaveLength(1);
    expect(cosignaturesOf(cosigned.replace('trust: enforced', 'trust: cooperative'), [key])).toEqual([]);

    const out = join(log.root, 'pack');
    const day = { from: '2000-01-01T00:00:00.000Z', to: '2999-01-01T00:00:00.000Z' };
    expect(proveEvidence({ directory: log.directory, out, question: { actor: 'agent:b', ...day } }).ok).toBe(
      true,
    );
    const keys = { directory: out, verifierKeys: [log.signer.verifierKey] };
    expect(verifyPack({ ...keys, witnessKeys: [witness.vkey] })).toMatchObject({
      ok: true,
      cosignatures: [{ witness: key.name }],
    });
    using stranger = await startWitness(log.keyFile);
    expect(verifyPack({ ...keys, witnessKeys: [stranger.vkey] }).problems).toMatchObject([
      { code: 'witness_missing' },
    ]);

    // The same key signs another history: shorter, of the same size, and longer.
    for (const size of [500, 777, 900]) {
      await using fork = await new Log().open();
      await fork.append(0, size, 'another history');
      await fork.publish(log.signer);
      const asked = startWitnessing({ store: fork.store, ...options });
      faults.length = 0;
      expect(await asked.witness()).toBe(0);
      expect(faults).toHaveLength(1);
      await asked.close();
    }
  });

  it('that is not there holds up nothing', async () => {
    await using log = await new Log().open();
    await log.append(0, 10);
    await log.publish();
    const faults: string[] = [];
    const key = parseWitnessKey('witness.test/go+4b4c1c1e+BAAA') ?? {
      ...parseVerifierKey(log.signer.verifierKey)!,
      name: 'w',
    };
    const witnessing = startWitnessing({
      store: log.store,
      witnesses: [{ url: 'http://127.0.0.1:9', key }],
      intervalMs: NEVER_MS,
      onFault: (message) => void faults.push(message),
    });
    expect(await witnessing.witness()).toBe(0);
    expect(faults[0]).toMatch(/does not answer/);
    await witnessing.close();
  });
});

describe('[P-LEDGER-ROTATION] another key for the same log', () => {
  it('is vouched for by the old one, and both together verify everything', async (context) => {
    if (missing !== undefined) return context.skip(missing);
    await using log = await new Log().open();
    await log.append(0, 300);
    await log.publish();
    const old = log.signer.verifierKey;
    const { to, note } = await rotateKey({
      store: log.store,
      directory: log.directory,
      keys: log.keys,
      trust: 'enforced',
    });
    for (const key of [old, to]) {
      const only = join(log.root, 'only.vkey');
      writeFileSync(only, `${key}\n`);
      expect(note).toContain(key.split('+')[0]);
      expect((await check(log.export(`at-${key.slice(-4)}`), only)).code).toBe(0);
    }
    log.signer = openFileSigner(log.keys);
    expect(log.signer.verifierKey).toBe(to);
    await log.append(300, 600);
    await log.publish();
    expect((await check(log.export(), log.keyFile)).code).toBe(0);
    expect(readFileSync(log.keyFile, 'utf8')).toBe(`${old}\n${to}\n`);
    expect(verifyLog({ directory: log.directory, verifierKeys: [old, to] })).toMatchObject({
      ok: true,
      size: 601,
    });
    // Whoever has the old key alone follows the log to the new one, by the entry and the checkpoint that the old one signed.
    expect(verifyLog({ directory: log.directory, verifierKeys: [old] })).toMatchObject({
      ok: true,
      size: 601,
      followed: [{ key: to, index: 300, size: 301 }],
    });
    const another = openFileSigner(join(log.root, 'another'), { name: log.signer.name }).verifierKey;
    const stranger = verifyLog({ directory: log.directory, verifierKeys: [another] });
    expect(stranger.problems.map(({ code }) => code)).toContain('checkpoint_signature');
    expect(stranger.followed).toBeUndefined();
    await expect(
      rotateKey({
        store: { ...log.store, role: 'client' } as Store,
        directory: log.directory,
        keys: log.keys,
        trust: 'enforced',
      }),
    ).rejects.toThrow('another process owns');
  });
});
