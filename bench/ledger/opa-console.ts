import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findOpa, isSkip } from '@writ/testing';
import { Pool } from 'undici';
import { freePort } from '../first-light/http.ts';
import { type Ground, TUTORIAL } from '../first-light/section.ts';
import { startProcess } from '../first-light/start-process.ts';
import { TUTORIAL_INPUTS } from '../first-light/tutorial.ts';

const CONNECTIONS = 64;
const PATH = '/v1/data/agent/tools/decision';

/** OPA that writes its decision log to the console, which is piped to a file: what is recorded is not synced. */
export interface OpaConsole {
  /** One decision, answered. */
  decide(): Promise<void>;
}

/** Starts it, or says why there is none here. */
export async function startOpaConsole(ground: Ground): Promise<OpaConsole | { readonly skip: string }> {
  const binary = await findOpa();
  if (typeof binary !== 'string' && isSkip(binary)) return binary;
  const address = `127.0.0.1:${await freePort()}`;
  const settings = ['--set', 'decision_logs.console=true', '--disable-telemetry'];
  const args = ['run', '--server', '--addr', address, ...settings, join(TUTORIAL, 'policy.rego')];
  // Its console is a file, so that nobody has to read what it writes.
  const intoFile = `echo started; exec "$0" "$@" > '${join(ground.folder, 'opa-console.log')}' 2>&1`;
  await startProcess(ground, 'sh', ['-c', intoFile, binary, ...args], /started/);
  const pool = new Pool(`http://${address}`, { connections: CONNECTIONS, pipelining: 1 });
  ground.cleanup.push(() => pool.destroy());
  const body = JSON.stringify({ input: TUTORIAL_INPUTS[0] });
  const headers = { 'content-type': 'application/json' };
  const decide = async (): Promise<void> => {
    const answer = await pool.request({ method: 'POST', path: PATH, headers, body });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`OPA: ${answer.statusCode} ${text}`);
  };
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      await decide();
      return { decide };
    } catch {
      await sleep(50);
    }
  }
  throw new Error('OPA does not answer');
}
