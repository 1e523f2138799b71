import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { constants, getPriority } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { compileApart, createCompilers } from '../../src/node.ts';

const SOURCES = [{ file: 'policy.rego', text: 'package a\n\nallow if input.x == 1', version: 1 as const }];
const CODE = join(import.meta.dirname, '../../src/node.ts');

describe('compilers in threads of their own', () => {
  const compilers = createCompilers();
  afterEach(() => compilers.close());

  it('compile one policy in the thread that waits, and the next one in another', async () => {
    compilers.prepare();
    for (let round = 0; round < 2; round++) {
      const { policy, diagnostics } = await compileApart(SOURCES, { compilers, paths: ['a/allow'] });
      expect(diagnostics).toEqual([]);
      expect(policy?.prepare('a/allow').evaluate({ x: 1 }, {})).toMatchObject({ value: true });
      expect(policy?.reads('a/allow')).toMatchObject({ input: [['x']] });
    }
  });

  it('are used once each, and one that has ended is not used', async () => {
    compilers.prepare();
    const first = compilers.take();
    const second = compilers.take();
    expect(second).not.toBe(first);
    await first.stop();
    await second.stop();
    expect([first.isAlive, second.isAlive]).toEqual([false, false]);
    compilers.prepare();
    const waiting = compilers.take();
    expect(waiting.isAlive).toBe(true);
    await waiting.stop();
  });

  it('say of a policy whose thread ends before it answers that there is none', async () => {
    const thread = compilers.take();
    const answer = thread.ask({ sources: SOURCES, capabilities: undefined, paths: [] });
    await thread.stop();
    expect(await answer).toEqual({
      failure: { reason: 'failed', message: 'the thread ended without an answer' },
    });
  });

  it.skipIf(process.platform !== 'linux')('go after the threads that decide', async () => {
    compilers.prepare();
    const priority = () =>
      readdirSync('/proc/self/task')
        .filter((thread) => readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim() === 'writ-compiler')
        .map((thread) => getPriority(Number(thread)));
    await vi.waitFor(() => expect(priority()).toEqual([constants.priority.PRIORITY_BELOW_NORMAL]), 30_000);
    expect(getPriority()).toBe(0);
  });

  it('do not keep a process alive that has nothing else to do', () => {
    const script = `import { createCompilers } from ${JSON.stringify(CODE)}; createCompilers().prepare(); console.log('done');`;
    const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'done\n' });
  });
});
