import { setTimeout as sleep } from 'node:timers/promises';
import { readCheckpointFile } from '@writ/ledger';
import { type RunningWrit, startWrit } from '@writ/testing';
import { HttpLoad } from './http-load.ts';
import { createLoadProject } from './load-project.ts';
import { Recorded, verifyFiles } from './record.ts';
import { until } from './until.ts';
import { GuardWorker } from './worker.ts';

/** What a run on one shared directory showed; `missing` and `faults` are empty, or a promise is broken. */
export interface SharedReport {
  readonly acknowledged: number;
  /** Calls without an answer on record: around the kill there may be some. */
  readonly unrecorded: number;
  readonly entries: number;
  readonly missing: readonly string[];
  readonly faults: readonly string[];
  /** Principals whose budget was used up to its limit, by all processes together. */
  readonly exhausted: number;
  /** Decisions that the processes left got after the owner was killed. */
  readonly afterTakeover: number;
  readonly takeoverMs: number;
}

export interface SharedOptions {
  /** How long all work before the owner is killed, and again after it is back. */
  readonly seconds: number;
  readonly inFlight?: number;
}

/** Between what one process asks for a principal and what all three ask: so each budget runs out between them. */
const CALLS_MAX = 500;
/** Decisions after the kill that show that another process took over. */
const TAKEN_OVER = 200;

/**
 * Two processes with `guard()` and a service share one data directory under load; the owner is killed, another takes
 * over, and the service comes back as its client. Whatever was acknowledged to anyone must be in the one record, each
 * budget's use must be the count of what proceeded, and no tool may have run without a recorded decision.
 */
export async function sharedLoad(options: SharedOptions): Promise<SharedReport> {
  const { seconds, inFlight = 8 } = options;
  const project = createLoadProject(CALLS_MAX);
  const workers: GuardWorker[] = [];
  const services: RunningWrit[] = [];
  const serve = async (): Promise<RunningWrit> => {
    const service = await startWrit(['serve', '--config', project.config], project.data);
    services.push(service);
    return service;
  };
  try {
    const owner = await serve();
    for (const mark of ['a', 'b'])
      workers.push(new GuardWorker(project.data, mark, inFlight, project.budget));
    await until(() => workers.every(({ role }) => role !== undefined), 'the workers do not start');
    const roles = [
      workers.every(({ role }) => role === 'client') ? undefined : 'a worker owns what the service owns',
    ];
    const before = new HttpLoad(owner.api, { mark: 's', inFlight });
    await sleep(seconds * 1000);
    await until(() => readCheckpointFile(project.data) !== undefined, 'nothing was signed');

    const killed = performance.now();
    await owner.stop('SIGKILL');
    await before.stop();
    const count = countOf(workers);
    await until(() => countOf(workers) >= count + TAKEN_OVER, 'nobody took over');
    const takeoverMs = performance.now() - killed;
    await until(() => workers.some(({ role }) => role === 'owner'), 'no worker says that it is the owner');
    roles.push(workers.filter(({ role }) => role === 'owner').length === 1 ? undefined : 'two owners');

    const back = await serve();
    const after = new HttpLoad(back.api, { mark: 's', inFlight, from: before.next });
    await sleep(seconds * 1000);
    await after.stop();
    const afterTakeover = countOf(workers) - count;
    await Promise.all(workers.map((worker) => worker.stop()));
    await back.stop();

    const told = [
      ...workers.flatMap((worker) => worker.acknowledged),
      ...before.acknowledged.values(),
      ...after.acknowledged.values(),
    ];
    const recorded = new Recorded(project.data);
    recorded.readOn();
    return {
      acknowledged: told.length,
      unrecorded: workers.reduce(
        (sum, worker) => sum + worker.unrecorded,
        before.unanswered + after.unanswered,
      ),
      entries: recorded.entries,
      missing: recorded.missing(told),
      faults: [
        ...roles.filter((fault) => fault !== undefined),
        ...recorded.twice.map((id) => `${id} stands twice`),
        ...recorded.budgetFaults(project.budget),
        ...ranFaults(workers),
        ...verifyFiles(project.data, undefined).problems,
      ],
      exhausted: [...recorded.proceeded.values()].filter((proceeded) => proceeded === CALLS_MAX).length,
      afterTakeover,
      takeoverMs,
    };
  } finally {
    for (const worker of workers) worker.kill();
    await Promise.all(services.map((service) => service.stop('SIGKILL')));
    project.remove();
  }
}

function countOf(workers: readonly GuardWorker[]): number {
  return workers.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);
}

/** A tool runs once for each decision that said proceed, and for nothing else. */
function ranFaults(workers: readonly GuardWorker[]): string[] {
  return workers.flatMap(({ ran, acknowledged }) => {
    const proceeded = acknowledged.filter(({ effect }) => effect === 'proceed').length;
    return ran === proceeded ? [] : [`${ran} tools ran, ${proceeded} decisions said proceed`];
  });
}
