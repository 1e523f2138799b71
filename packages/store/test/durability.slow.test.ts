import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Temporary } from './temporary.ts';

it('[P-SYNC-BEFORE-ACKNOWLEDGE] syncs the write-ahead log before each acknowledgement', async (context) => {
  await using temporary = new Temporary();
  const module = fileURLToPath(new URL('./fixtures/child.ts', import.meta.url));
  const output = join(temporary.folder(), 'trace');
  const trace = ['-f', '-y', '-e', 'trace=fdatasync,fsync,write', '-s', '8', '-o', output];
  const child = [process.execPath, module, temporary.folder(), 'traced', '1', '40'];
  const { error, status } = spawnSync('strace', [...trace, ...child], { stdio: 'ignore' });
  if (error !== undefined || status !== 0) return context.skip('strace is not installed or may not trace');
  // One writer: each acknowledgement it tells has a sync of the log's own between it and the one before.
  const events = readFileSync(output, 'utf8')
    .split('\n')
    .flatMap((line) => {
      if (/\bf(data)?sync\(.*store\.sqlite-wal.*\) += 0|\bf(data)?sync resumed.* = 0/.test(line))
        return ['sync'];
      return /\bwrite\(1.*"ack /.test(line) ? ['ack'] : [];
    });
  expect(events.filter((event) => event === 'ack')).toHaveLength(40);
  const unsynced = events.filter((event, at) => event === 'ack' && events[at - 1] !== 'sync');
  expect(unsynced).toEqual([]);
});
