import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EXIT } from '../src/index.ts';
import { type Finished, REPOSITORY, runWrit, temporaryFolder, writArguments } from './support/run-writ.ts';

const TUTORIAL = join(REPOSITORY, 'examples/tutorial');
const ALLOWED = join(TUTORIAL, 'requests/allow-read.json');
const DENIED = join(TUTORIAL, 'requests/deny-amount.json');

/** The one JSON document on standard output. */
function json(ran: Finished): Record<string, unknown> {
  return JSON.parse(ran.stdout) as Record<string, unknown>;
}

/** A port that something listens on, until the test ends. */
async function takenPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}

describe('exit statuses', () => {
  const cases: [string, number, readonly string[], RegExp][] = [
    ['a call that may proceed', EXIT.ok, ['decide', '--bundle', TUTORIAL, ALLOWED], /^allow {2}ok/],
    ['a call that may not', EXIT.no, ['decide', '--bundle', TUTORIAL, DENIED], /^deny {2}amount_over_limit/],
    ['an undefined answer', EXIT.no, ['eval', '--fail', '-f', 'pretty', 'data.nothing.here'], /^undefined/],
    ['an unknown command', EXIT.usage, ['sevre'], /Did you mean serve\?/],
    ['an unknown option', EXIT.usage, ['serve', '--bundel', 'x'], /Did you mean --bundle\?/],
    ['an unknown subcommand', EXIT.usage, ['log', 'verfy'], /Did you mean verify\?/],
    ['a missing argument', EXIT.usage, ['decide'], /missing required argument 'request'/],
    ['a wrong format', EXIT.usage, ['token', '--format', 'yaml'], /--format must be pretty or json/],
    [
      'a wrong address',
      EXIT.usage,
      ['serve', '--bundle', TUTORIAL, '--addr', 'here'],
      /`here` is no HOST:PORT/,
    ],
    [
      'a wrong engine',
      EXIT.usage,
      ['serve', '--bundle', TUTORIAL, '--engine', 'x'],
      /known are rego, opa and crosscheck/,
    ],
    ['a wrong regular expression', EXIT.usage, ['test', TUTORIAL, '--run', '('], /--run: /],
    ['an unknown shell', EXIT.usage, ['completion', 'tcsh'], /known are bash, zsh and fish/],
    ['a halt of nothing', EXIT.usage, ['halt'], /exactly one of --actor, --tenant and --all/],
    ['a missing bundle', EXIT.badInput, ['check', 'no/such'], /there is no .*no\/such/],
    ['a missing request', EXIT.badInput, ['decide', '--bundle', TUTORIAL, 'no-such.json'], /ENOENT/],
    ['a wrong query', EXIT.badInput, ['eval', '-f', 'pretty', 'data.('], /query:1/],
    [
      'no service',
      EXIT.unavailable,
      ['log', 'tail', '--data', 'no-such-data'],
      /no service runs on .*no-such-data/,
    ],
    [
      'a silent service',
      EXIT.unavailable,
      ['halt', '--all', '--url', 'http://127.0.0.1:1', '--token', ALLOWED],
      /does not answer/,
    ],
    [
      'a missing credential',
      EXIT.notPermitted,
      ['halt', '--all', '--url', 'http://127.0.0.1:1'],
      /operator's token .* is not there/,
    ],
    ['no policies', EXIT.config, ['serve'], /there are no policies to decide by/],
    [
      'a missing configuration',
      EXIT.config,
      ['serve', '--config', 'no.yaml'],
      /there is no configuration at/,
    ],
  ];

  it.each(cases)('%s: %i', async (_what, status, args, said) => {
    const ran = await runWrit(args, { cwd: temporaryFolder() });
    expect(`${ran.stdout}${ran.stderr}`).toMatch(said);
    expect(ran.status).toBe(status);
  });

  it('a wrong key in writ.yaml: 78, with the file, the line and the right key', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'writ.yaml'), 'data_dir: .writ\nbundels: []\n');
    const ran = await runWrit(['serve'], { cwd: folder });
    expect(ran.status).toBe(EXIT.config);
    expect(ran.stderr).toContain('writ.yaml:2: unknown key `bundels`; did you mean `bundles`?');
  });

  it('an address in use: 69, and what to do', async () => {
    const ran = await runWrit([
      'serve',
      '--bundle',
      TUTORIAL,
      '--data',
      join(temporaryFolder(), 'data'),
      '--addr',
      `127.0.0.1:${await takenPort()}`,
    ]);
    expect(ran.status).toBe(EXIT.unavailable);
    expect(ran.stderr).toContain('name another port with --addr');
  });

  it('[P-LOOPBACK-UNLESS-AUTHENTICATED] an address beyond loopback without enforcement points: 78', async () => {
    const ran = await runWrit([
      'serve',
      '--bundle',
      TUTORIAL,
      '--data',
      join(temporaryFolder(), 'data'),
      '--addr',
      '0.0.0.0:0',
    ]);
    expect(ran.status).toBe(EXIT.config);
    expect(ran.stderr).toContain('list points in writ.yaml');
  });

  it('an OPA that can not be started: 69 or 65, never a service', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'writ.yaml'), 'engine: { kind: opa, command: ./no-such-opa }\n');
    const ran = await runWrit(['serve', '--bundle', TUTORIAL, '--addr', ':0'], { cwd: folder });
    expect([EXIT.unavailable, EXIT.badInput]).toContain(ran.status);
    expect(ran.stderr).toContain('no-such-opa');
  });
});

describe('a request file', () => {
  const decide = (text: string) => runWrit(['decide', '--bundle', TUTORIAL, '-'], { input: text });

  it.each([
    ['{"a": 1,\n "a": 2}', /^writ: -:2:\d+: json_duplicate_key/],
    ['{\n  "principal": }', /^writ: -:2:\d+: /],
    [
      '{"principal": {"id": 1}, "actor": {"id": "a"}, "action": {"type": "tool_call"}}',
      /-: \/principal\/id: /,
    ],
    [
      '{"principal": {"id": "u"}, "actor": {"id": "a"}, "action": {"type": "tool_cal"}}',
      /-: \/action\/type: /,
    ],
    [
      '{"principal": {"id": "u"}, "actor": {"id": "a"}, "action": {"type": "tool_call"}, "extra": 1}',
      /-: .*extra/,
    ],
    [
      '{"principal": {"id": "u"}, "actor": {"id": "a"}, "action": {"type": "tool_call", "args": {"n": 9007199254740993}}}',
      /number_not_exact/,
    ],
  ])('that is wrong is refused with place and problem: %j', async (text, said) => {
    const ran = await decide(text);
    expect(ran.stderr).toMatch(said);
    expect(ran.status).toBe(EXIT.badInput);
  });

  it('may come from standard input, as a sample or as it is', async () => {
    const sample = readFileSync(ALLOWED, 'utf8');
    expect((await decide(sample)).status).toBe(EXIT.ok);
    expect((await decide(JSON.stringify(JSON.parse(sample).request))).status).toBe(EXIT.ok);
  });

  it('leaves nothing behind where no data directory is named', async () => {
    const tmp = temporaryFolder();
    const home = temporaryFolder();
    const env = { TMPDIR: tmp, HOME: home, XDG_CACHE_HOME: '', NODE_COMPILE_CACHE: '' };
    await runWrit(['decide', '--bundle', TUTORIAL, ALLOWED], { env });
    await runWrit(['decide', '--bundle', 'no-such', ALLOWED], { env });
    // Compiled code too: in a folder that others can write to, somebody else's code could be waiting.
    expect(readdirSync(tmp)).toEqual([]);
    expect(readdirSync(join(home, '.cache/writ'))).toEqual(['compiled']);
  });
});

describe('--format json', () => {
  it('gives one JSON document for every command that needs no service', async () => {
    const folder = temporaryFolder();
    const run = async (...args: string[]) =>
      json(await runWrit([...args, '--format', 'json'], { cwd: folder }));
    expect(await run('init', 'made')).toMatchObject({ folder: join(folder, 'made') });
    expect(await run('check', TUTORIAL)).toMatchObject({ ok: true, diagnostics: [] });
    const tests = (await run('test', TUTORIAL)) as unknown as { readonly fail?: boolean }[];
    expect(tests.length).toBeGreaterThan(0);
    expect(tests.filter(({ fail }) => fail === true)).toEqual([]);
    expect(await run('eval', '-d', TUTORIAL, '1 + 1')).toMatchObject({
      result: [{ expressions: [{ value: 2, text: '1 + 1', location: { row: 1, col: 1 } }] }],
    });
    expect(await run('decide', '--bundle', TUTORIAL, DENIED)).toMatchObject({
      outcome: 'deny',
      reason: 'amount_over_limit',
    });
    expect(await run('decide', '--bundle', TUTORIAL, '--explain', DENIED)).toMatchObject({ outcome: 'deny' });
    expect(await run('token')).toMatchObject({ token_hash: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) });
    expect(await run('completion', 'fish')).toMatchObject({ shell: 'fish' });
    expect(await run('halt', '--all')).toMatchObject({
      error: { message: expect.stringContaining('no service') },
    });
    expect(await run('check', 'no-such')).toMatchObject({ error: { message: expect.any(String) } });
  });
});

describe('colours', () => {
  const colour = String.fromCharCode(27);
  const decide = ['decide', '--bundle', TUTORIAL, '--explain', DENIED];

  it('are left out where standard output is no terminal, or NO_COLOR says so', async () => {
    expect((await runWrit(decide)).stdout).not.toContain(colour);
    expect((await runWrit(decide, { env: { NO_COLOR: '1' } })).stdout).not.toContain(colour);
  });

  it.runIf(process.platform === 'linux')('are there on a terminal', async () => {
    const words = [process.execPath, ...writArguments(decide)].map((word) => `'${word}'`).join(' ');
    const onTerminal = (env: Readonly<Record<string, string>>) =>
      spawnSync('script', ['-qec', words, '/dev/null'], {
        encoding: 'utf8',
        timeout: 60_000,
        input: '',
        env: { PATH: process.env['PATH'], TERM: 'xterm-256color', ...env },
      }).stdout;
    expect(onTerminal({})).toContain(`${colour}[31mdeny`);
    expect(onTerminal({ NO_COLOR: '1' })).not.toContain(colour);
  });
});

describe('a reader that has gone', () => {
  it('ends the command without a word', () => {
    const heard = join(temporaryFolder(), 'stderr');
    const script = '"$@" 2>"$0" | true; echo $PIPESTATUS';
    const command = [process.execPath, ...writArguments(['capabilities'])];
    const ran = spawnSync('bash', ['-c', script, heard, ...command], { encoding: 'utf8', cwd: REPOSITORY });
    expect([ran.stdout.trim(), readFileSync(heard, 'utf8')]).toEqual(['141', '']);
  });
});

describe('a starter project', () => {
  it('checks, passes its tests and decides its sample as it is', async () => {
    const folder = temporaryFolder();
    const made = await runWrit(['init', 'mine'], { cwd: folder });
    expect(made.status).toBe(EXIT.ok);
    const cwd = join(folder, 'mine');
    expect(readFileSync(join(cwd, '.gitignore'), 'utf8')).toContain('.writ/');
    const checked = await runWrit(['check', 'policy'], { cwd });
    expect([checked.status, checked.stdout]).toEqual([0, expect.stringContaining('no errors')]);
    expect(checked.stdout).not.toContain('warning');
    const tested = await runWrit(['test', 'policy', '--coverage', '--threshold', '90'], { cwd });
    expect([tested.status, tested.stdout]).toEqual([0, expect.stringContaining('0 failed')]);
    const decided = await runWrit(['decide', '--explain', 'requests/search.json'], { cwd });
    expect(decided.status).toBe(EXIT.ok);
    expect(decided.stdout).toMatch(/resource +grant +.*main.*decision +allow +ok +.*policy\.rego:\d+/);
    expect(readdirSync(cwd)).not.toContain('.writ');
  });

  it('is not made over files that are there', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'writ.yaml'), 'data_dir: mine\n');
    const ran = await runWrit(['init'], { cwd });
    expect(ran.status).toBe(EXIT.badInput);
    expect(ran.stderr).toContain('holds writ.yaml already');
    expect(readdirSync(cwd)).toEqual(['writ.yaml']);
  });
});

describe('policies with faults', () => {
  function broken(change: (policy: string) => string): string {
    const folder = temporaryFolder();
    cpSync(join(REPOSITORY, 'packages/cli/templates/init/policy'), folder, { recursive: true });
    const file = join(folder, 'policy.rego');
    writeFileSync(file, change(readFileSync(file, 'utf8')));
    return folder;
  }

  it('are named by `check` with file, row and the line itself', async () => {
    const folder = broken((text) => `${text}\nbroken if undefined_function(input)\n`);
    const ran = await runWrit(['check', folder]);
    expect(ran.status).toBe(EXIT.no);
    expect(ran.stdout).toMatch(/policy\.rego:\d+/);
    expect(ran.stdout).toContain('undefined_function');
  });

  it('fail their tests with the place where the test stopped', async () => {
    const folder = broken((text) => text.replace('"search": "read"', '"search": "write"'));
    const ran = await runWrit(['test', folder]);
    expect(ran.status).toBe(EXIT.no);
    expect(ran.stdout).toMatch(/^fail +data\.main_test\.test_search_with_scope +.*policy_test\.rego:\d+/m);
    expect(ran.stdout).toMatch(/stopped at .*policy_test\.rego:\d+/);
    expect(ran.stdout).toMatch(/1 failed/);
  });

  it('are not served', async () => {
    const folder = broken((text) => `${text}\nbroken := \n`);
    const data = join(temporaryFolder(), 'data');
    const ran = await runWrit(['serve', '--bundle', folder, '--addr', ':0', '--data', data]);
    expect(ran.status).toBe(EXIT.badInput);
    expect(ran.stderr).toContain('the policies do not activate');
  });

  it('without tests are said to have none, by `test` and by `check`', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'p'));
    cpSync(join(REPOSITORY, 'packages/cli/templates/init/policy'), join(folder, 'p'), { recursive: true });
    rmSync(join(folder, 'p/policy_test.rego'));
    expect((await runWrit(['test', folder])).stderr).toContain('there are no tests');
    expect((await runWrit(['check', folder])).stdout).toContain('has no tests');
  });
});
