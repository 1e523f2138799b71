import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually, REPOSITORY, temporaryFolder } from './support/run-writ.ts';

const TOUR = join(REPOSITORY, 'packages/cli/src/demo/main.ts');

interface Tour {
  readonly child: ChildProcess;
  output(): string;
  /** Processes that the tour started, by id. */
  children(): number[];
  readonly ended: Promise<number | null>;
  /** What it left in the temporary folder. */
  left(): string[];
}

/** Starts the tour as a process of its own, with a temporary folder of its own. */
function startTour(args: readonly string[], main = TOUR): Tour {
  const folder = temporaryFolder();
  const tmp = join(folder, 'tmp');
  mkdirSync(tmp);
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', main, ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: tmp, HOME: folder, FORCE_COLOR: undefined },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
    });
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', (status) => resolve(status)));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return {
    child,
    output: () => output,
    children: () => childrenOf(child.pid ?? 0),
    ended,
    left: () => readdirSync(tmp).filter((name) => name.startsWith('writ-')),
  };
}

function childrenOf(pid: number): number[] {
  try {
    const listed = execFileSync('pgrep', ['-P', String(pid)], { encoding: 'utf8' });
    return listed.trim().split('\n').map(Number);
  } catch {
    return [];
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Everything that a tour must have left: nothing. */
async function expectNothingLeft(tour: Tour, children: readonly number[]): Promise<void> {
  expect(tour.left()).toEqual([]);
  await eventually('every child has ended', () => (children.some(isRunning) ? undefined : true));
}

function says(tour: Tour, text: string): Promise<true> {
  return eventually(`the tour says ${text}\n`, () => {
    if (tour.output().includes(text)) return true;
    if (tour.child.exitCode !== null) throw new Error(`the tour ended:\n${tour.output()}`);
    return undefined;
  });
}

describe('the tour', () => {
  it('ends with status 0 after every outcome, and leaves nothing', async () => {
    const tour = startTour(['--exit']);
    expect(await tour.ended, tour.output()).toBe(0);
    const text = tour.output();
    const lines: RegExp[] = [
      /a scripted model/,
      /@modelcontextprotocol\/server-filesystem/,
      /read_text_file path=notes\/welcome\.txt\n {4}→ allow ok {3}data\.resource\.files\.decision \(.*files\.rego:\d+\) {3}[\d.]+ ms/,
      /→ deny tool_not_allowlisted .*files\.rego:\d+/,
      /✓ notes\/welcome\.txt is still there/,
      /→ deny text_over_limit .*files\.rego:\d+/,
      /the model reads: TOOL_DENIED: text_over_limit/,
      /✓ drafts\/report\.txt holds the short text/,
      /→ deny insufficient_scope .*files\.rego:\d+/,
      /✓ archive does not exist/,
      /→ sanitize card_number_removed .*data\.compliance\..*privacy\.rego:\d+/,
      /✓ drafts\/payment\.txt holds "\[REDACTED\]"/,
      /→ step_up confidential_folder .*files\.rego:\d+/,
      /the model reads: STEP_UP_REQUIRED: confidential_folder/,
      /→ deny policy_undefined {3}no rule answered/,
      /→ deny policy_error {3}data\.demo\.quota\.decision \(.*quota\.rego:\d+\)/,
      /→ escalate publishing_needs_a_person .*files\.rego:\d+/,
      /the model reads: APPROVAL_PENDING: publishing_needs_a_person/,
      /✓ published\/post\.txt does not exist/,
      /a second process, with the operator's credential: writ approvals approve apr-/,
      /→ allow publishing_needs_a_person/,
      /✓ published\/post\.txt is there, once/,
      /→ deny approval_used/,
      /→ deny budget_exhausted/,
      /writ log verify → status 0: verified: \d+ entries/,
      /writ log verify → status 1: entry_changed entry \d+/,
      /✓ every call had the outcome that it should/,
    ];
    for (const line of lines) expect(text).toMatch(line);
    await expectNothingLeft(tour, []);
  });

  it('takes free ports where its own are in use, and says so; stays up, and ends by Ctrl-C', async () => {
    const taken = await Promise.all([8181, 8182].map(occupy));
    onTestFinished(() => {
      for (const server of taken) server?.close();
    });
    const tour = startTour([]);
    await says(tour, 'Ctrl-C ends it.');
    const text = tour.output();
    for (const port of [8181, 8182])
      expect(text).toMatch(new RegExp(`Port ${port} is in use; took \\d+ instead`));
    for (const line of [
      /decision API +http:\/\/127\.0\.0\.1:\d+/,
      /MCP gateway +http:\/\/127\.0\.0\.1:\d+\/mcp/,
      /policy +.*files\.rego/,
      /"mcpServers"/,
      / 3\. /,
    ])
      expect(text).toMatch(line);
    const children = tour.children();
    expect(children.length).toBeGreaterThan(0);
    tour.child.kill('SIGINT');
    expect(await tour.ended).toBe(0);
    await expectNothingLeft(tour, children);
  });

  it.each([
    ['SIGINT', '  1. allow', 130],
    ['SIGINT', '9. escalate', 130],
    ['SIGTERM', 'The record', 143],
  ] as const)('interrupted by %s at `%s` ends at once and leaves nothing', async (signal, at, status) => {
    const tour = startTour(['--exit']);
    await says(tour, at);
    const children = tour.children();
    // Twice: a terminal and npm both deliver it.
    tour.child.kill(signal);
    tour.child.kill(signal);
    expect(await tour.ended, tour.output()).toBe(status);
    await expectNothingLeft(tour, children);
  });

  it('ends with a status that is not 0 where it can not start, and leaves nothing', async () => {
    const folder = temporaryFolder();
    const tour = startTour(['--exit', '--no-such-option']);
    expect(await tour.ended).not.toBe(0);
    await expectNothingLeft(tour, []);
    expect(readdirSync(folder)).toEqual([]);
  });
});

/** Occupies a port if it is free; undefined where something else has it already. */
function occupy(port: number): Promise<Server | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}
