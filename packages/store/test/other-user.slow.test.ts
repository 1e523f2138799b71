import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Temporary } from './temporary.ts';

const OTHER = ['--reuid=65534', '--regid=65534', '--clear-groups'];

/** Another operating-system user can really be taken on here. */
function canBecomeOther(): boolean {
  return (
    process.getuid?.() === 0 && spawnSync('setpriv', [...OTHER, 'true'], { timeout: 10_000 }).status === 0
  );
}

const CONNECT = `
const socket = require('node:net').connect(process.argv[1]);
socket.on('error', (error) => { console.log(error.code); process.exit(0); });
socket.on('connect', () => { console.log('connected'); process.exit(0); });
`;

it.skipIf(!canBecomeOther())(
  '[P-STORE-OWN-USER] another user reaches neither the files nor the socket, even in an open folder',
  async () => {
    await using temporary = new Temporary();
    const directory = temporary.folder();
    await temporary.store(directory, []);
    // As if it had stood there before, made by somebody careless.
    chmodSync(directory, 0o755);
    for (const name of readdirSync(directory)) {
      const path = join(directory, name);
      expect([name, statSync(path).mode & 0o077]).toEqual([name, 0]);
      expect(spawnSync('setpriv', [...OTHER, 'cat', path], { timeout: 10_000 }).status).not.toBe(0);
    }
    const socket = join(directory, 'owner.sock');
    const answer = execFileSync('setpriv', [...OTHER, process.execPath, '-e', CONNECT, socket], {
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect(answer.trim()).toBe('EACCES');
  },
);
