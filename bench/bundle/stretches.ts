import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RequiredSignature, readSource } from '@writ/bundle';
import { createRegoEngine, type LoadedPolicies } from '@writ/pdp';
import { SIGNER, type Workload } from './workloads.ts';

/**
 * The longest that reading and loading a workload's large bundle kept this thread busy without a break, in
 * milliseconds of its processor time: what other processes take meanwhile does not count.
 */
export async function longestStretch({ before, after }: Workload): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'writ-bench-stretch-'));
  const engine = createRegoEngine();
  const closing: LoadedPolicies[] = [];
  const activate = async (path: string): Promise<void> => {
    const read = await readSource({ kind: 'path', path, name: 'bench', signatures: [AUTHOR] });
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const loaded = await engine.load([read.bundle]);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.diagnostics));
    closing.push(loaded.policies);
  };
  try {
    // Writing them is not what is measured.
    const [small, large] = [join(folder, 'before.tar.gz'), join(folder, 'after.tar.gz')];
    writeFileSync(small, before);
    writeFileSync(large, after);
    // Decisions wait only where some are made: by a bundle that came before.
    await activate(small);
    const { stop } = watch();
    await activate(large);
    return stop();
  } finally {
    for (const policies of closing) await policies.close();
    await engine.close();
    rmSync(folder, { recursive: true });
  }
}

const AUTHOR: RequiredSignature = {
  name: 'author',
  form: 'bundle',
  keys: { [SIGNER.keyId]: { key: SIGNER.publicPem, algorithm: SIGNER.algorithm } },
};

function watch(): { readonly stop: () => number } {
  let longest = 0;
  let last = busy();
  let timer: NodeJS.Timeout;
  const look = (): void => {
    const now = busy();
    longest = Math.max(longest, now - last);
    last = now;
    // A timer and not `setImmediate`, which would make a thread busy that has nothing to do.
    timer = setTimeout(look, 0);
  };
  timer = setTimeout(look, 0);
  return {
    stop() {
      clearTimeout(timer);
      return Math.max(longest, busy() - last);
    },
  };
}

function busy(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
