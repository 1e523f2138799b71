import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSource } from '@writ/bundle';
import { createRegoEngine } from '@writ/pdp';
import { SIGNER, type Workload } from './workloads.ts';

/**
 * The longest that reading and loading a workload's large bundle kept this thread busy without a break, in
 * milliseconds of its processor time: what other processes take meanwhile does not count.
 */
export async function longestStretch({ after, name }: Workload): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'writ-bench-stretch-'));
  const file = join(folder, 'bundle.tar.gz');
  writeFileSync(file, after);
  const engine = createRegoEngine();
  try {
    const { stop } = watch();
    const read = await readSource({
      kind: 'path',
      path: file,
      name: 'bench',
      signatures: [
        {
          name: 'author',
          form: 'bundle',
          keys: { [SIGNER.keyId]: { key: SIGNER.publicPem, algorithm: SIGNER.algorithm } },
        },
      ],
    });
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const loaded = await engine.load([read.bundle]);
    const longest = stop();
    if (!loaded.ok) throw new Error(`${name} does not load`);
    await loaded.policies.close();
    return longest;
  } finally {
    await engine.close();
    rmSync(folder, { recursive: true });
  }
}

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
