import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { readCheckpointFile } from '@writ/ledger';
import { startWrit } from '@writ/testing';
import { callOf, type Told } from './calls.ts';
import { HttpLoad, postDecide } from './http-load.ts';
import { createLoadProject, type LoadProject } from './load-project.ts';
import { Recorded, verifyFiles } from './record.ts';
import { until } from './until.ts';

/** What a run of kills showed; every list of faults is empty, or a promise is broken. */
export interface KillReport {
  readonly kills: number;
  readonly acknowledged: number;
  readonly unanswered: number;
  readonly entries: number;
  /** Acknowledged, and not in the record with that effect. */
  readonly missing: readonly string[];
  readonly faults: readonly string[];
}

export interface KillOptions {
  readonly times: number;
  readonly inFlight?: number;
  /** Told after each kill. */
  readonly onKill?: (line: string) => void;
}

/** Longest time under load before a kill. */
const LOAD_MS_MAX = 1_500;
const REPEATED = 5;
const NO_LIMIT = 1_000_000;

/**
 * Kills a real service with SIGKILL under load, `times` over and at random moments, always on one data directory. After
 * each kill the files must verify and hold all that was acknowledged; after each restart a repeated call must get the
 * decision that it had before.
 */
export async function killLoop(options: KillOptions): Promise<KillReport> {
  const project = createLoadProject(NO_LIMIT);
  const recorded = new Recorded(project.data);
  const missing: string[] = [];
  const faults: string[] = [];
  let acknowledged = 0;
  let unanswered = 0;
  let seen: string | undefined;
  let repeat: readonly (readonly [key: string, told: Told])[] = [];
  try {
    for (let kill = 0; kill < options.times; kill++) {
      const load = await killOnce(project, kill, options.inFlight ?? 32, repeat, faults);
      recorded.readOn();
      missing.push(...recorded.missing(load.acknowledged.values()));
      const verified = verifyFiles(project.data, seen);
      seen = verified.seen;
      faults.push(...verified.problems.map((problem) => `kill ${kill}: ${problem}`));
      acknowledged += load.acknowledged.size;
      unanswered += load.unanswered;
      repeat = [...load.acknowledged].slice(-REPEATED);
      options.onKill?.(
        `kill ${kill + 1}: ${load.acknowledged.size} acknowledged, ${recorded.entries} entries, ${missing.length} missing`,
      );
    }
    faults.push(
      ...recorded.budgetFaults(project.budget),
      ...recorded.twice.map((id) => `${id} stands twice`),
    );
    return { kills: options.times, acknowledged, unanswered, entries: recorded.entries, missing, faults };
  } finally {
    project.remove();
  }
}

async function killOnce(
  project: LoadProject,
  kill: number,
  inFlight: number,
  repeat: readonly (readonly [key: string, told: Told])[],
  faults: string[],
): Promise<HttpLoad> {
  const service = await startWrit(['serve', '--config', project.config], project.data);
  let load: HttpLoad | undefined;
  try {
    faults.push(...(await repeatCalls(service.api, repeat)));
    load = new HttpLoad(service.api, { mark: `k${kill}`, inFlight });
    // Until something was signed there is nothing to verify against.
    if (kill === 0) await until(() => readCheckpointFile(project.data) !== undefined, 'nothing was signed');
    await sleep(Math.random() * LOAD_MS_MAX);
    return load;
  } finally {
    await service.stop('SIGKILL');
    await load?.stop();
  }
}

/** Asks again what was answered before the kill: same key, same decision. */
async function repeatCalls(
  api: string,
  repeat: readonly (readonly [key: string, told: Told])[],
): Promise<string[]> {
  const agent = new Agent({ keepAlive: true });
  const faults: string[] = [];
  for (const [key, { id }] of repeat) {
    const [mark = '', index] = key.split('-');
    const decision = await postDecide(agent, api, callOf(mark, Number(index)));
    if (decision?.decision_id !== id)
      faults.push(
        `${key}: repeated after a kill, ${id} became ${decision?.decision_id} (${decision?.reason})`,
      );
  }
  agent.destroy();
  return faults;
}
