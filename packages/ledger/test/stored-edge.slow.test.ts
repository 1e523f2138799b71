import { expect, it } from 'vitest';
import { leafHash, verifyLog } from '../src/index.ts';
import { appendToEdge, EMPTY_EDGE, formatEdge } from '../src/tree-edge.ts';
import { TemporaryLog, tamper } from './temporary-log.ts';

it.each([3, 256, 300, 700])(
  '[P-STORE-MIGRATES] a log of %i entries with its whole edge in one cell verifies, and goes on',
  async (size) => {
    await using log = await new TemporaryLog().open();
    await log.decide(0, size);
    await log.publish();
    await log.close();
    tamper(log.directory, (database) => {
      const rows = database.prepare('select leaf from log order by idx').all();
      const { edge } = appendToEdge(
        EMPTY_EDGE,
        rows.map((row) => leafHash(row['leaf'] as Uint8Array)),
      );
      database.exec("delete from cells where key like 'ledger/edge%'");
      database.prepare("insert into cells values ('ledger/edge', ?)").run(formatEdge(edge));
      database.exec("update meta set value = 2 where name = 'schema'");
    });
    const verify = () => verifyLog({ directory: log.directory, verifierKeys: [log.signer.verifierKey] });
    expect(verify()).toMatchObject({ ok: true, size });
    await log.open();
    for (const [from, to] of [
      [size, size + 1],
      [size + 1, size + 40],
      [size + 40, size + 300],
    ] as const)
      await log.decide(from, to);
    await log.publish();
    await log.close();
    expect(verify()).toMatchObject({ ok: true, size: size + 300 });
  },
);
