import { spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A PostgreSQL server of its own, for one suite. */
export interface PostgresServer {
  /** Of a database of this name, made where it is not there yet. */
  url(database: string): string;
  /** Ends it as a power cut would: no checkpoint, no goodbye. */
  kill(): void;
  start(): void;
  stop(): void;
}

const INSTALLS = '/usr/lib/postgresql';

/** Why no server can be started here; undefined where one can. */
export function postgresMissing(): string | undefined {
  return programs() === undefined ? 'PostgreSQL is not installed (apt-get install postgresql)' : undefined;
}

/** Starts a server on a free port, with syncing as it comes. To be stopped, which takes its files away. */
export async function startPostgres(): Promise<PostgresServer> {
  const bin = programs();
  if (bin === undefined) throw new Error(postgresMissing());
  const folder = mkdtempSync(join(tmpdir(), 'writ-postgres-'));
  const run = (program: string, ...args: readonly string[]): string =>
    asPostgres(folder, join(bin, program), args);
  const data = join(folder, 'data');
  run('initdb', '-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '--no-instructions');
  const port = await freePort();
  const options = `-h 127.0.0.1 -p ${port} -k ${folder}`;
  const start = (): void =>
    void run('pg_ctl', '-D', data, '-w', '-l', join(folder, 'log'), '-o', options, 'start');
  start();
  return {
    url: (database) => {
      const sql = `select 1 from pg_database where datname = '${database}'`;
      const client = ['-h', '127.0.0.1', '-p', String(port), '-U', 'postgres', '-d', 'postgres'];
      if (!run('psql', ...client, '-tAc', sql).includes('1'))
        run('psql', ...client, '-c', `create database ${database}`);
      return `postgres://postgres@127.0.0.1:${port}/${database}`;
    },
    kill: () => void run('pg_ctl', '-D', data, '-m', 'immediate', '-w', 'stop'),
    start,
    stop: () => {
      run('pg_ctl', '-D', data, '-m', 'immediate', '-w', 'stop');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Folder of the newest installed server's programs. */
function programs(): string | undefined {
  if (!existsSync(INSTALLS)) return undefined;
  const versions = readdirSync(INSTALLS).filter((each) => existsSync(join(INSTALLS, each, 'bin/initdb')));
  const newest = versions.sort((one, other) => Number(other) - Number(one))[0];
  return newest === undefined ? undefined : join(INSTALLS, newest, 'bin');
}

/** PostgreSQL does not run as root: then its own user runs it, to whom the folder belongs. */
function asPostgres(folder: string, program: string, args: readonly string[]): string {
  const root = process.getuid?.() === 0;
  const [user, group] = root ? [idOf('-u'), idOf('-g')] : [0, 0];
  if (root) chownSync(folder, user, group);
  const identity = root ? { uid: user, gid: group } : {};
  const done = spawnSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    ...identity,
  });
  if (done.status !== 0) throw new Error(`${program}: ${done.stderr}`);
  return done.stdout;
}

function idOf(flag: '-u' | '-g'): number {
  return Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
