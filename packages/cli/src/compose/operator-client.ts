import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readConfig } from '../config/read-config.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { findService } from './service-file.ts';

/** How a command that speaks to a running service is told which one. */
export interface ServiceOptions {
  readonly config?: string;
  readonly data?: string;
  readonly url?: string;
  readonly token?: string;
}

/** Speaks to a service's HTTP API as its operator. */
export interface OperatorClient {
  readonly url: string;
  get(path: string): Promise<unknown>;
  post(path: string, body: unknown): Promise<unknown>;
}

/** The data directory that a command means: `--data`, else the configuration's, else `.writ`. */
export function dataDirectory(options: ServiceOptions): string {
  if (options.data !== undefined) return resolve(options.data);
  const { config, folder } = readConfig(options.config);
  return resolve(folder, config.data_dir ?? '.writ');
}

/**
 * Finds the running service and the operator's token: `--token FILE`, else the file that the service made in its data
 * directory, which only its owner can read.
 */
export function operatorClient(options: ServiceOptions): OperatorClient {
  const data = dataDirectory(options);
  const url = options.url ?? findService(data)?.api;
  if (url === undefined) {
    throw new CommandError(
      EXIT.unavailable,
      `no service runs on ${data}`,
      'start one with `writ serve`, or name it with --url',
    );
  }
  const file = options.token ?? join(data, 'credentials/operator.token');
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is not there' : 'cannot be read';
    throw new CommandError(
      EXIT.notPermitted,
      `the operator's token ${file} ${why}`,
      'name it with --token FILE',
    );
  }
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  return {
    url,
    get: (path) => send(new URL(path, url), { headers }),
    post: (path, body) => send(new URL(path, url), { method: 'POST', headers, body: JSON.stringify(body) }),
  };
}

async function send(url: URL, init: RequestInit): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(70_000) });
  } catch (error) {
    throw new CommandError(
      EXIT.unavailable,
      `the service at ${url.origin} does not answer (${(error as Error).message})`,
    );
  }
  const body = (await response.json().catch(() => ({}))) as { code?: string; message?: string };
  if (response.ok) return body;
  const status = response.status === 401 || response.status === 403 ? EXIT.notPermitted : EXIT.no;
  throw new CommandError(
    response.status >= 500 ? EXIT.unavailable : status,
    `${body.code ?? response.status}: ${body.message ?? ''}`,
  );
}
