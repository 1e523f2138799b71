import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, normalize, relative } from 'node:path';

/** Programs that are only noted down when a shell runs them. */
export const HARMLESS = ['rm', 'cat', 'touch', 'ls', 'grep', 'git', 'curl', 'wc', 'make', 'tee'] as const;
/** Programs that are noted down and then run as they are, since they run others. */
const RUNNING = [
  'bash',
  'sh',
  'env',
  'nice',
  'timeout',
  'nohup',
  'xargs',
  'find',
  'setsid',
  'stdbuf',
] as const;
/** How deep below the stage a line starts: so many `..` stay inside. */
const DEPTH = ['1', '2', '3', '4', '5', '6', '7', '8', '9', 'work'];
const RUN_MS_MAX = 10_000;

/** A program that really ran. */
export interface Ran {
  /** As it was called where that held a slash, made absolute; else a bare name. */
  readonly name: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Files that its input came from and its output went to. */
  readonly stdin?: string;
  readonly stdout?: string;
}

export interface Trace {
  readonly ran: readonly Ran[];
  /** Files that came to be, or were emptied, absolute. */
  readonly written: readonly string[];
}

/** A folder in which lines for a shell run with nothing but stand-ins on `PATH`. */
export interface Stage {
  readonly cwd: string;
  readonly home: string;
  /** Runs one line by a real shell, and says what it ran and wrote. Puts the folder back afterwards. */
  readonly run: (shell: string, line: string) => Promise<Trace>;
  readonly close: () => void;
}

/** Where a program really is; undefined where this machine has none. */
export function realProgram(name: string): string | undefined {
  return ['/usr/bin', '/bin', '/usr/local/bin'].map((folder) => join(folder, name)).find(existsSync);
}

export function openStage(): Stage {
  const root = mkdtempSync(join(tmpdir(), 'writ-shell-'));
  const [bin, log, home, cwd] = [
    join(root, 'bin'),
    join(root, 'log'),
    join(root, 'home'),
    join(root, ...DEPTH),
  ];
  for (const folder of [bin, log]) mkdirSync(folder, { recursive: true });
  for (const name of HARMLESS) writeStandIn(join(bin, name), log, 'echo a; echo b');
  writeStandIn(join(bin, 'no'), log, 'exit 1');
  for (const name of RUNNING) {
    const real = realProgram(name);
    if (real !== undefined) writeStandIn(join(bin, name), log, `exec ${real} "$@"`);
  }
  const lay = (): void => {
    for (const folder of [home, join(root, '1')]) rmSync(folder, { recursive: true, force: true });
    for (const folder of [join(home, '.ssh'), join(cwd, 'sub', 'deep')])
      mkdirSync(folder, { recursive: true });
    for (const name of ['a', 'b.c', 'sub/c.c', 'sub/deep/d']) writeFileSync(join(cwd, name), 'x\n');
    writeStandIn(join(cwd, 'run.sh'), log, 'echo a; echo b');
  };
  lay();
  return {
    cwd,
    home,
    run: async (shell, line) => {
      for (const name of readdirSync(log)) rmSync(join(log, name));
      const before = contentsOf(root, log);
      await runLine(shell, line, { cwd, home, bin });
      const written = [...contentsOf(root, log)].filter(([path, text]) => before.get(path) !== text);
      lay();
      return { ran: readLog(log, bin), written: written.map(([path]) => path) };
    },
    close: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Notes how it was called, with texts that end in a zero byte, in a file of its own process. */
function writeStandIn(path: string, log: string, then: string): void {
  const readlink = realProgram('readlink');
  const text = `#!${realProgram('dash') ?? realProgram('sh')}
exec 9>>'${log}'/$$
printf '%s\\0' "$#" "$PWD" "$0" "$(${readlink} /proc/$$/fd/0)" "$(${readlink} /proc/$$/fd/1)" "$@" >&9
exec 9>&-
${then}
`;
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}

async function runLine(
  shell: string,
  line: string,
  { cwd, home, bin }: { readonly cwd: string; readonly home: string; readonly bin: string },
): Promise<void> {
  const child = spawn(shell, ['-c', line], {
    cwd,
    env: { PATH: bin, HOME: home },
    // The last pipe is closed when the last of its descendants ended, those in the background too.
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
  for (const stream of child.stdio) (stream as NodeJS.ReadableStream | null)?.on('data', () => {});
  const stop = setTimeout(() => process.kill(-(child.pid as number), 'SIGKILL'), RUN_MS_MAX);
  await new Promise<void>((resolve, reject) => {
    child.on('close', () => resolve());
    child.on('error', reject);
  });
  clearTimeout(stop);
}

function contentsOf(root: string, log: string): Map<string, string> {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && entry.parentPath !== log);
  return new Map(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path, readFileSync(path, 'latin1')];
    }),
  );
}

function readLog(log: string, bin: string): Ran[] {
  return readdirSync(log).flatMap((name) => {
    const texts = readFileSync(join(log, name), 'utf8').split('\0');
    const ran: Ran[] = [];
    for (let index = 0; index + 4 < texts.length; ) {
      const count = Number(texts[index]);
      const [cwd = '', called = '', stdin = '', stdout = ''] = texts.slice(index + 1, index + 5);
      const path = called.startsWith('/') ? normalize(called) : join(cwd, called);
      const isBare = relative(bin, path).split('/').length === 1 && !relative(bin, path).startsWith('..');
      ran.push({
        name: isBare ? relative(bin, path) : path,
        args: texts.slice(index + 5, index + 5 + count),
        cwd,
        ...(stdin.startsWith('/') && !stdin.startsWith('/dev/') ? { stdin } : {}),
        ...(stdout.startsWith('/') && !stdout.startsWith('/dev/') ? { stdout } : {}),
      });
      index += 5 + count;
    }
    return ran;
  });
}
