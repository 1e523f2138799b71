import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOpa } from '@writ/testing';
import { endProcess, freePort, stopAfterTest } from './registry.ts';
import { eventually } from './run-writ.ts';

const found = await findOpa();

/** Why no test can run a real OPA here; undefined where one can. */
export const opaMissing = typeof found === 'string' ? undefined : found.skip;

/** What one OPA answers, and says of the bundle that it answers by. */
export interface OpaView {
  readonly answer: unknown;
  readonly revision: string | undefined;
}

/** A running `opa run --server` that follows one published bundle and checks its signature. */
export interface FleetMember {
  view(): Promise<OpaView>;
  /** Waits until it answers this. */
  becomes(wanted: OpaView): Promise<void>;
  /** Why it could not take what is published, in its words; undefined where it could. */
  failure(): Promise<string | undefined>;
  stop(): Promise<void>;
}

export interface FleetOptions {
  /** Where it keeps what it fetched; another OPA started on it goes on from there. */
  readonly folder: string;
  /** A service of OPA's configuration, such as `{url, type: 'oci'}`. */
  readonly service: object;
  readonly resource: string;
  /** File of the public key (ES256, id `k1`). */
  readonly pem: string;
  /** Keep the last good bundle on disk, and start from it. */
  readonly persist?: boolean;
}

/** Starts an OPA; ends when it listens, whatever it has loaded by then. */
export async function startOpa(options: FleetOptions): Promise<FleetMember> {
  const port = await freePort();
  const file = join(options.folder, `opa-${port}.json`);
  writeFileSync(file, JSON.stringify(configuration(options)));
  const words = ['run', '--server', '--addr', `127.0.0.1:${port}`, '--config-file', file];
  const child = stopAfterTest(
    spawn(found as string, [...words, '--log-level', 'error', '--disable-telemetry'], { stdio: 'ignore' }),
  );
  const url = `http://127.0.0.1:${port}`;
  const ask = async (path: string): Promise<Record<string, unknown>> =>
    (await (await fetch(`${url}${path}`)).json()) as Record<string, unknown>;
  await eventually('OPA listens', async () =>
    (await fetch(`${url}/health`).catch(() => undefined)) === undefined ? undefined : true,
  );
  const view = async (): Promise<OpaView> => {
    const { result, provenance } = (await ask('/v1/data/live/answer?provenance=true')) as Answered;
    return { answer: result, revision: provenance?.bundles?.['policy']?.revision };
  };
  return {
    view,
    async becomes(wanted) {
      await eventually(`OPA answers ${JSON.stringify(wanted)}`, async () => {
        const now = await view();
        const isWanted = now.revision === wanted.revision && now.answer === wanted.answer;
        return isWanted || undefined;
      });
    },
    async failure() {
      const { result } = (await ask('/v1/status')) as Status;
      const policy = result?.bundles?.['policy'];
      return policy?.code === undefined ? undefined : (policy.message ?? policy.code);
    },
    stop: () => endProcess(child),
  };
}

interface Answered {
  readonly result?: unknown;
  readonly provenance?: { readonly bundles?: Readonly<Record<string, { readonly revision?: string }>> };
}

interface Status {
  readonly result?: {
    readonly bundles?: Readonly<Record<string, { readonly code?: string; readonly message?: string }>>;
  };
}

function configuration({ folder, service, resource, pem, persist = false }: FleetOptions): object {
  return {
    services: { published: service },
    keys: { k1: { algorithm: 'ES256', key: readFileSync(pem, 'utf8') } },
    bundles: {
      policy: {
        service: 'published',
        resource,
        persist,
        signing: { keyid: 'k1' },
        polling: { min_delay_seconds: 1, max_delay_seconds: 1 },
      },
    },
    persistence_directory: folder,
    status: { console: true },
  };
}
