import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { killLoop } from '../soak/kill-loop.ts';
import { createLoadProject } from '../soak/load-project.ts';
import { memorySoak } from '../soak/memory.ts';
import { Recorded } from '../soak/record.ts';
import { sharedLoad } from '../soak/shared-load.ts';
import { GuardWorker } from '../soak/worker.ts';

describe('load, in short; `npm run soak` runs it long', () => {
  it('[P-ACKNOWLEDGED-SURVIVES-KILL] a service killed under load loses no acknowledged decision', async () => {
    const report = await killLoop({ times: 3, inFlight: 16 });
    expect(report.acknowledged).toBeGreaterThan(0);
    expect({ missing: report.missing, faults: report.faults }).toEqual({ missing: [], faults: [] });
  });

  it('goes on where it was interrupted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'writ-soak-test-'));
    try {
      const first = await killLoop({ times: 1, inFlight: 8, folder });
      const second = await killLoop({ times: 2, inFlight: 8, folder });
      expect(second).toMatchObject({ kills: 2, missing: [], faults: [] });
      expect(second.acknowledged).toBeGreaterThanOrEqual(first.acknowledged);
      expect(await memorySoak({ entries: 600, folder: join(folder, 'memory') })).toMatchObject({
        entries: 600,
        faults: [],
      });
      const on = await memorySoak({ entries: 900, folder: join(folder, 'memory') });
      expect(on.last?.entries).toBe(900);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('[P-ONE-OWNER] two guarding processes and a service keep one record and one set of budgets, also when the owner is killed', async () => {
    const report = await sharedLoad({ seconds: 2, inFlight: 4 });
    expect({ missing: report.missing, faults: report.faults }).toEqual({ missing: [], faults: [] });
    expect(report.afterTakeover).toBeGreaterThan(0);
  });

  it('would notice a missing decision, a changed effect and a budget that does not fit', async () => {
    const project = createLoadProject(1_000_000);
    const worker = new GuardWorker(project.data, 'a', 2, project.budget);
    try {
      await expect.poll(() => worker.acknowledged.length, { timeout: 60_000 }).toBeGreaterThan(20);
      await worker.stop();
      const recorded = new Recorded(project.data);
      recorded.readOn();
      expect(recorded.missing(worker.acknowledged)).toEqual([]);
      expect(recorded.budgetFaults(project.budget)).toEqual([]);
      const [first] = worker.acknowledged;
      const changed = { ...first!, effect: first!.effect === 'proceed' ? 'refuse' : 'proceed' } as const;
      expect(recorded.missing([changed, { ...first!, id: 'dec-unknown' }])).toEqual([
        first!.id,
        'dec-unknown',
      ]);
      recorded.proceeded.set('user:0', 1);
      expect(recorded.budgetFaults(project.budget)).toHaveLength(1);
      expect(recorded.budgetFaults({ ...project.budget, limit: 1 })).not.toEqual([]);
    } finally {
      worker.kill();
      project.remove();
    }
  });
});
