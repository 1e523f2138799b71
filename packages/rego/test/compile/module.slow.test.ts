import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compilePolicy } from '../../src/index.ts';

const TEXT = `package a

default allow := false

allow if {
	input.user in data.users
	not denied
}

denied if "blocked" in labels

labels contains label if some label in input.labels

limits := {"low": 1e400, "high": {1, 2}}
`;

const REPOSITORY = join(import.meta.dirname, '../../../..');
const RUNNER = join(REPOSITORY, 'tools/run.mjs');
const CACHE = join(REPOSITORY, 'node_modules/.cache/writ');
let folder = '';

beforeAll(async () => {
  // Inside the repository, so that the module finds the runtime as a program's own modules do.
  await mkdir(CACHE, { recursive: true });
  folder = await mkdtemp(join(CACHE, 'module-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function run(script: string): Promise<string> {
  const path = join(folder, 'run.mjs');
  await writeFile(path, script);
  const flags = ['--disallow-code-generation-from-strings', '--disable-warning=ExperimentalWarning'];
  const { stdout } = await promisify(execFile)(process.execPath, [RUNNER, ...flags, path]);
  return stdout;
}

test('[P-REGO-MODULE] a policy compiled into a file runs where no code can be made from text, without the compiler', async () => {
  const { policy } = compilePolicy([{ file: 'a.rego', text: TEXT }], { data: { users: ['ann'] } });
  const { text } = policy!.writeModule({ queries: { all: { text: 'x := data.a.labels' } } });
  await writeFile(join(folder, 'policy.mjs'), text!);
  const printed = await run(`
    import { registerHooks } from 'node:module';
    // The parser is there for the builtin rego.parse_module; nothing makes code of what it reads.
    const loaded = [];
    registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context); } });
    const { policy } = await import('./policy.mjs');
    const allow = policy.prepare('a/allow');
    console.log(JSON.stringify({
      rulePaths: policy.rulePaths,
      allowed: allow.evaluate({ user: 'ann', labels: ['fine'] }),
      denied: allow.evaluate({ user: 'ann', labels: ['blocked'] }),
      query: policy.query('all').evaluate({ labels: ['b'] }).bindings.length,
      none: policy.query('other') === undefined,
      compiler: loaded.filter((url) => /src\\/(plan\\/planner|analysis\\/analyse|compile\\/emitter)/.test(url)),
    }));
  `);
  expect(JSON.parse(printed)).toMatchObject({
    rulePaths: ['a/allow', 'a/denied', 'a/labels', 'a/limits'],
    allowed: {
      kind: 'value',
      value: true,
      rules: [{ path: 'data.a.labels' }, { path: 'data.a.allow', file: 'a.rego', row: 5 }],
    },
    denied: { kind: 'value', value: false },
    query: 1,
    none: true,
    compiler: [],
  });
});

test('a module of another format is refused', async () => {
  const { policy } = compilePolicy([{ file: 'a.rego', text: 'package a\n\np := 1\n' }]);
  const { text } = policy!.writeModule();
  await writeFile(join(folder, 'policy.mjs'), text!.replace(/^format: \d+,$/m, 'format: 99999,'));
  const printed = await run(`
    console.log(await import('./policy.mjs').then(() => 'loaded', (error) => error.message));
  `);
  expect(printed.trim()).toBe('the module has format 99999, this runtime takes 1');
});
