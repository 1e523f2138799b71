import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { compileApart, ReadyCompiler } from '../../src/node.ts';

const SOURCES = [{ file: 'policy.rego', text: 'package a\n\nallow if input.x == 1', version: 1 as const }];
const CODE = join(import.meta.dirname, '../../src/node.ts');

describe('a compiler that is kept ready', () => {
  const compiler = new ReadyCompiler();
  afterEach(() => compiler.close());

  it('compiles one policy in the thread that waits, and the next one in another', async () => {
    compiler.prepare();
    for (const isReady of [true, false]) {
      const { policy, diagnostics } = await compileApart(SOURCES, { compiler, paths: ['a/allow'] });
      expect(diagnostics).toEqual([]);
      expect(policy?.prepare('a/allow').evaluate({ x: 1 }, {})).toMatchObject({ value: true });
      expect(policy?.reads('a/allow')).toMatchObject({ input: [['x']] });
      if (isReady) expect(compiler.take()).toBeUndefined();
    }
  });

  it('takes no thread that has ended', async () => {
    compiler.prepare();
    const ended = compiler.take();
    await ended?.stop();
    expect(ended?.isAlive).toBe(false);
    compiler.prepare();
    expect(compiler.take()?.isAlive).toBe(true);
  });

  it('says of a policy whose thread ends before it answers that there is none', async () => {
    compiler.prepare();
    const thread = compiler.take();
    const reply = thread?.compile({ sources: SOURCES, capabilities: undefined, paths: [] });
    await thread?.stop();
    expect(await reply).toEqual({ diagnostics: [], failure: 'the compiler ended without an answer' });
  });

  it('does not keep a process alive that has nothing else to do', () => {
    const script = `import { ReadyCompiler } from ${JSON.stringify(CODE)}; new ReadyCompiler().prepare(); console.log('done');`;
    const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'done\n' });
  });
});
