import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { consistencyProof, inclusionProof, treeRoot, withTree } from '../src/index.ts';
import { TemporaryLog } from './temporary-log.ts';

const SOURCES = join(import.meta.dirname, '../../../conformance/ledger');
const SIZE = 1_500;
const folder = mkdtempSync(join(tmpdir(), 'writ-ledger-go-'));
const binary = join(folder, 'verifier');
/** Why the verifier cannot be built here. */
let missing: string | undefined;

beforeAll(async () => {
  const built = await run('go', ['build', '-buildvcs=false', '-o', binary, './verifier'], '').catch(
    () => undefined,
  );
  if (built === undefined) missing = 'Go is not installed';
  else if (/dial tcp|no such host|module lookup disabled|i\/o timeout/.test(built.stderr))
    missing = 'the Go module cannot be downloaded';
  else if (built.code !== 0) throw new Error(built.stderr);
  // The first build compiles what it needs of Go's own library.
}, 900_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(program: string, args: readonly string[], input: string) {
  return new Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>(
    (settle, fail) => {
      const child = spawn(program, args, { cwd: SOURCES, stdio: ['pipe', 'pipe', 'pipe'] });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (text) => {
        stdout += text;
      });
      child.stderr.on('data', (text) => {
        stderr += text;
      });
      child.on('error', fail);
      child.on('close', (code) => settle({ code, stdout, stderr }));
      child.stdin.end(input);
    },
  );
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

describe("Go's own transparency log code", () => {
  it('[P-LEDGER-INDEPENDENT] accepts key, checkpoint, root and proofs, and nothing that was changed', async (context) => {
    if (missing !== undefined) return context.skip(missing);
    await using log = await new TemporaryLog().open();
    await log.decide(0, SIZE);
    const note = (await log.publish())!;
    const leaves = (await log.store.entries(0, SIZE)).map((entry) => base64(entry.leaf));
    const cells = (cell: string): Promise<string | undefined> => log.store.read(cell);
    const question = await withTree(cells, (node, size) => ({
      verifier_key: log.signer.verifierKey,
      note,
      leaves,
      inclusions: Array.from({ length: 100 }, (_, each) => (each * 373) % size).map((index) => ({
        index,
        proof: inclusionProof(node, index, size).map(base64),
      })),
      consistency: [1, 2, 3, 255, 256, 257, 511, 1_024, 1_337, size].map((from) => ({
        from,
        root: base64(treeRoot(node, from)),
        proof: consistencyProof(node, from, size).map(base64),
      })),
    }));
    const ask = async (asked: typeof question): Promise<string[]> => {
      const { code, stdout, stderr } = await run(binary, [], JSON.stringify(asked));
      if (code !== 0) throw new Error(stderr);
      return JSON.parse(stdout);
    };
    expect(await ask(question)).toEqual([]);
    expect(await ask({ ...question, leaves: question.leaves.with(7, question.leaves[8]!) })).toContain(
      'the entries do not give the signed root',
    );
    const [problem] = await ask({ ...question, note: note.replace('trust: enforced', 'trust: cooperative') });
    expect(problem).toMatch(/^note: /);
  });
});
