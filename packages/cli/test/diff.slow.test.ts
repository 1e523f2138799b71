import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { EXIT } from '../src/index.ts';
import { REPOSITORY, runWrit, temporaryFolder } from './support/run-writ.ts';

function repository(): { folder: string; change: (file: string, from: string, to: string) => void } {
  const folder = temporaryFolder();
  cpSync(join(REPOSITORY, 'examples/tutorial'), folder, { recursive: true });
  const git = (...words: string[]) =>
    execFileSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@b', ...words], {
      stdio: 'ignore',
    });
  git('init', '-q');
  git('add', '-A');
  git('commit', '-qm', 'policies');
  git('tag', 'v1');
  return {
    folder,
    change: (file, from, to) => {
      const path = join(folder, file);
      const text = readFileSync(path, 'utf8');
      expect(text).toContain(from);
      writeFileSync(path, text.replace(from, to));
    },
  };
}

it('says in words what a change changes, and which outcomes', async () => {
  const { folder, change } = repository();
  change('bundle/policy.rego', '50000', '100000');
  const diff = (...args: string[]) => runWrit(['diff', ...args], { cwd: folder });
  const shown = await diff('git:v1', 'bundle', '--requests', 'requests', '--exit-code');
  expect(shown.status).toBe(EXIT.no);
  expect(shown.stdout).toContain(
    'rule data.agent.tools.refund_ceiling_cents changed (policy.rego:13): was 50000, is 100000',
  );
  expect(shown.stdout).toContain(
    'a test from before fails now: data.agent.tools_test.test_refund_over_the_ceiling',
  );
  expect(shown.stdout).toContain('1 of 5 requests is decided otherwise, 1 looser');
  expect(shown.stdout).toMatch(/deny-amount\.json .*deny: amount_over_limit +allow: ok +looser/);

  const markdown = await diff('git:v1:bundle', 'bundle', '--requests', 'requests', '--format', 'markdown');
  expect(markdown.status).toBe(EXIT.ok);
  expect(markdown.stdout).toContain(
    '- rule `data.agent.tools.refund_ceiling_cents` changed (`policy.rego:13`)',
  );
  expect(markdown.stdout).toContain('| `deny: amount_over_limit` | `allow: ok` | looser |');

  const json = await diff('git:v1', 'bundle', '--requests', 'requests/deny-amount.json', '--format', 'json');
  expect(JSON.parse(json.stdout)).toMatchObject({
    differs: true,
    bundles: [{ name: expect.any(String), change: 'changed', rules: [{ row: 13 }] }],
    outcomes: { requests: 1, changes: [{ direction: 'looser', after: { outcome: 'allow' } }] },
  });
});

it('does not take layout for a change, and keeps what policies hold out of the Markdown around them', async () => {
  const { folder, change } = repository();
  change('bundle/policy.rego', '# Refunds above', '# Changed.\n\n\n# Refunds above');
  const diff = (...args: string[]) => runWrit(['diff', ...args], { cwd: folder });
  expect(await diff('git:HEAD', 'bundle', '--exit-code')).toMatchObject({
    status: EXIT.ok,
    stdout: expect.stringContaining('decides the same'),
  });
  const hostile = '``` <img src=x> | @everyone\\n# title';
  const data = {
    agent: { tools: { rows: Object.fromEntries([...'abcdefghijklm'].map((key) => [key, hostile])) } },
  };
  const text = JSON.stringify(data).replaceAll('\\\\n', '\\n');
  writeFileSync(join(folder, 'bundle/data.json'), text);
  const { stdout } = await diff('git:HEAD', 'bundle', '--format', 'markdown', '--data-lines', '10');
  expect(stdout.split('\n').filter((line) => line.startsWith('- '))).toHaveLength(1);
  expect(stdout).toContain('```` {"tools":{"rows":{"a":"');
  writeFileSync(join(folder, 'bundle/data.json'), '{"agent": {"tools": {"rows": {}}}}');
  execFileSync('git', ['-C', folder, 'add', '-A']);
  execFileSync('git', ['-C', folder, '-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-qm', 'two']);
  writeFileSync(join(folder, 'bundle/data.json'), text);
  const bounded = await diff('git:HEAD', 'bundle', '--format', 'markdown');
  expect(bounded.stdout.split('\n').filter((line) => line.startsWith('- '))).toHaveLength(11);
  expect(bounded.stdout).toContain('- and 3 more: 3 added');
});

it('tells what is new from what cannot be found', async () => {
  const { folder } = repository();
  cpSync(join(folder, 'bundle'), join(folder, 'other'), { recursive: true });
  const diff = (...args: string[]) => runWrit(['diff', ...args], { cwd: folder });
  expect(await diff('git:v1', 'other')).toMatchObject({
    status: EXIT.ok,
    stdout: expect.stringContaining('bundle other is new'),
  });
  expect(await diff('git:absent', 'bundle')).toMatchObject({
    status: EXIT.badInput,
    stderr: expect.stringContaining('fetch the revision first'),
  });
  expect(await diff('git:--output=x', 'bundle')).toMatchObject({ status: EXIT.usage });
  expect(await diff('git:v1', 'absent')).toMatchObject({ status: EXIT.usage });
  expect(await diff('bundle', 'bundle', '--requests', 'bundle')).toMatchObject({
    status: EXIT.badInput,
    stderr: expect.stringContaining('holds no requests'),
  });
});
