import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findOpa, type RunningWrit, startWrit } from '@writ/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const found = await findOpa();
const opa =
  typeof found === 'string' ? { binary: found, note: '' } : { binary: '', note: ` (skipped: ${found.skip})` };

const manifest = (entrypoint: object, writ: object = {}, more: object = {}): string =>
  JSON.stringify({ ...more, metadata: { writ: { ...writ, entrypoints: [entrypoint] } } });
const guard = (path: string): object => ({ path, kind: 'guard', layer: 'compliance' });

/** Refuses calls by one tool, so that each engine's own word shows. */
const refusing = (name: string): string =>
  `package ${name}\n\ndefault decision := true\n\ndecision := {"allow": false, "reason": "${name}_refuses"} if input.action.tool == "${name}"\n`;

const FILES: Readonly<Record<string, string>> = {
  'grants/.manifest': manifest({ path: 'grants/allow', kind: 'grant' }, {}, { roots: ['grants'] }),
  'grants/grants.rego': 'package grants\n\nallow if input.action.tool != "other"\n',
  'compiled/.manifest': manifest(guard('compiled/decision'), { engine: 'wasm' }, { roots: ['compiled'] }),
  'compiled/compiled.rego': refusing('compiled'),
  'words/.manifest': manifest(guard('words/decision'), { engine: 'cedar' }),
  'words/words.cedar':
    'permit(principal, action, resource);\n@id("words_refuse")\nforbid(principal, action, resource == Tool::"s/words");\n',
  'checked/.manifest': manifest(guard('checked/decision'), {}, { roots: ['checked'] }),
  'checked/checked.rego': refusing('checked'),
};

describe.skipIf(opa.binary === '')(`an engine for each bundle, in writ.yaml and manifests${opa.note}`, () => {
  let folder: string;
  let writ: RunningWrit;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'writ-engines-'));
    for (const [path, text] of Object.entries(FILES)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    // As docs/how-to/choose-an-engine.md has it.
    const build = [
      'build',
      '-t',
      'wasm',
      '-e',
      'compiled/decision',
      '-o',
      'compiled.tar.gz',
      '--bundle',
      'compiled',
    ];
    execFileSync(opa.binary, build, { cwd: folder });
    // The module beside the very Rego that it was built of, for two engines that check each other.
    const words = [
      'build',
      '-t',
      'wasm',
      '-e',
      'checked/decision',
      '-o',
      'module.tar.gz',
      'checked/checked.rego',
    ];
    execFileSync(opa.binary, words, { cwd: folder });
    execFileSync('tar', ['-xzf', 'module.tar.gz', '-C', 'checked', '/policy.wasm'], {
      cwd: folder,
      stdio: 'ignore',
    });
    const config = {
      engine: { kind: 'rego', crosscheck: ['rego', 'wasm'] },
      bundles: [
        { name: 'grants', directory: 'grants' },
        { name: 'compiled', directory: 'compiled.tar.gz' },
        { name: 'words', directory: 'words' },
        { name: 'checked', directory: 'checked', engine: 'crosscheck' },
      ],
    };
    writeFileSync(join(folder, 'writ.yaml'), JSON.stringify(config));
    writ = await startWrit(['serve', '--config', join(folder, 'writ.yaml')], join(folder, 'data'), root);
  });
  afterAll(async () => {
    await writ?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function decide(
    tool: string,
  ): Promise<{ outcome: string; reason: string; metadata: { engine: string } }> {
    const request = {
      principal: { id: 'alice' },
      actor: { id: 'agent' },
      action: { type: 'tool_call', phase: 'call', server: 's', tool, args: {} },
    };
    const response = await fetch(`${writ.api}/v1/decide`, {
      method: 'POST',
      body: JSON.stringify({ request }),
    });
    return (await response.json()) as never;
  }

  it.each([
    ['search', 'allow', 'granted'],
    ['other', 'deny', 'policy_undefined'],
    ['compiled', 'deny', 'compiled_refuses'],
    ['words', 'deny', 'words_refuse'],
    ['checked', 'deny', 'checked_refuses'],
  ])('a call of `%s`: %s, %s, and all engines were asked', async (tool, outcome, reason) => {
    const decision = await decide(tool);
    expect(decision).toMatchObject({ outcome, reason });
    expect(decision.metadata.engine.split('+').sort()).toEqual(['cedar', 'crosscheck', 'rego', 'wasm']);
  });

  const check = (path: string): { status: number | null; stdout: string } =>
    spawnSync(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', 'packages/cli/src/main.ts', 'check', path],
      {
        cwd: root,
        encoding: 'utf8',
      },
    );

  it('`writ check` loads each bundle in its engine', () => {
    expect(check(join(folder, 'compiled.tar.gz'))).toMatchObject({ status: 0 });
    expect(check(join(folder, 'words'))).toMatchObject({ status: 0 });
    const wrong = join(folder, 'wrong');
    mkdirSync(wrong);
    writeFileSync(join(wrong, '.manifest'), FILES['words/.manifest']!);
    writeFileSync(join(wrong, 'p.cedar'), 'permit(principal, action resource);\n');
    const { status, stdout } = check(wrong);
    expect(status).toBe(1);
    expect(stdout).toContain('engine_refused');
    expect(stdout).toContain('p.cedar:1');
  });
});
