import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findOpa } from '@writ/testing';
import { expect, it, onTestFinished } from 'vitest';

const root = join(import.meta.dirname, '../..');
const MAIN = join(root, 'packages/cli/src/main.ts');
const writ = (...args: string[]) =>
  spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', MAIN, ...args], {
    cwd: root,
    encoding: 'utf8',
  });
const opa = await findOpa();

it('the policy in YAML compiles, passes its tests, decides as its README says, and says so in words', () => {
  const folder = mkdtempSync(join(tmpdir(), 'writ-yaml-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const policy = join(folder, 'policy');
  const built = writ('yaml', 'build', 'examples/yaml/finance.yaml', '-o', policy);
  expect(built.stdout).toMatch(/(\d+) of \1 tests pass/);
  expect(built.status).toBe(0);
  const asked = writ('decide', '--bundle', policy, 'examples/yaml/requests/above-threshold.json');
  expect(asked.stdout).toMatch(/^escalate {2}approval_needed/);
  const explained = writ('yaml', 'explain', 'examples/yaml/finance.yaml').stdout;
  expect(explained).toContain('above that a person must approve; above 50000 it is denied');
  if (typeof opa === 'string') {
    const tested = execFileSync(opa, ['test', policy], { encoding: 'utf8' });
    expect(tested).toMatch(/PASS: (\d+)\/\1/);
  }
  expect(writ('yaml', 'build', join(folder, 'absent.yaml')).status).toBe(65);
});
