import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { readCheckpointFile } from '@writ/ledger';
import { startWrit } from '@writ/testing';
import { callOf, type Told } from './calls.ts';
import { HttpLoad, postDecide } from './http-load.ts';
import { createLoadProject, type LoadProject } from './load-project.ts';
import { Recorded, verifyFiles } from './record.ts';
import { SoakState } from './soak-state.ts';
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
  /** Where data and progress are kept; a run with the same folder goes on. By default a temporary one. */
  readonly folder?: string;
  /** Told after each kill. */
  readonly onKill?: (line: string) => void;
}

/** Longest time under load before a kill. */
const LOAD_MS_MAX = 1_500;
const REPEATED = 5;
const NO_LIMIT = 1_000_000;
/** Entries up to which the whole log is verified after every kill; with more, after every so many. */
const VERIFIED_EACH_TIME = 20_000;
const VERIFY_EVERY = 25;

interface KillState {
  kills: number;
  acknowledged: number;
  unanswered: number;
  seen?: string;
  repeat: readonly (readonly [key: string, told: Told])[];
  missing: string[];
  faults: string[];
}

const FRESH: KillState = { kills: 0, acknowledged: 0, unanswered: 0, repeat: [], missing: [], faults: [] };

/**
 * Kills a real service with SIGKILL under load, `times` over and at random moments, always on one data directory. After
 * each kill the files must verify and hold all that was acknowledged; after each restart a repeated call must get the
 * decision that it had before.
 */
export async function killLoop(options: KillOptions): Promise<KillReport> {
  const project = createLoadProject(NO_LIMIT, options.folder);
  const kept = new SoakState<KillState>(project.folder, FRESH);
  const recorded = new Recorded(project.data);
  try {
    const { state } = kept;
    if (state.kills > 0) recorded.readOn();
    while (state.kills < options.times) {
      const kill = state.kills;
      const load = await killOnce(project, kill, options.inFlight ?? 32, state.repeat, state.faults);
      recorded.readOn();
      state.missing.push(...recorded.missing(load.acknowledged.values()));
      // All is verified anew each time while that is fast, then now and then, and at the end.
      if (recorded.entries < VERIFIED_EACH_TIME || kill % VERIFY_EVERY === 0 || kill + 1 === options.times) {
        const verified = verifyFiles(project.data, state.seen);
        if (verified.seen !== undefined) state.seen = verified.seen;
        state.faults.push(...verified.problems.map((problem) => `kill ${kill}: ${problem}`));
      }
      state.acknowledged += load.acknowledged.size;
      state.unanswered += load.unanswered;
      state.repeat = [...load.acknowledged].slice(-REPEATED);
      state.kills += 1;
      kept.save();
      options.onKill?.(
        `kill ${state.kills}: ${load.acknowledged.size} acknowledged, ${recorded.entries} entries, ${state.missing.length} missing`,
      );
    }
    const { kills, acknowledged, unanswered, missing } = state;
    const faults = [
      ...state.faults,
      ...recorded.budgetFaults(project.budget),
      ...recorded.twice.map((id) => `${id} stands twice`),
    ];
    return { kills, acknowledged, unanswered, entries: recorded.entries, missing, faults };
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
