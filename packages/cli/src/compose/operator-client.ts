import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { operatorProof, tokenDigest } from '@writ/pdp';
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
  const ask = async (path: string, init: RequestInit): Promise<unknown> => {
    await requireProof(url, token);
    return send(new URL(path, url), { ...init, headers });
  };
  return {
    url,
    get: (path) => ask(path, {}),
    post: (path, body) => ask(path, { method: 'POST', body: JSON.stringify(body) }),
  };
}

/**
 * Ends the command where the service does not show that it knows the token: then it is not the one that made it, but
 * perhaps somebody who took its port after it died, and would learn the token from being asked.
 */
async function requireProof(url: string, token: string): Promise<void> {
  const nonce = randomBytes(32).toString('hex');
  const shown = await send(new URL(`/v1/operator-proof/${nonce}`, url), {}).catch((error) => {
    if (error instanceof CommandError && error.status === EXIT.unavailable) throw error;
    return {};
  });
  if ((shown as { proof?: unknown }).proof === operatorProof(tokenDigest(token), nonce)) return;
  throw new CommandError(
    EXIT.notPermitted,
    `the service at ${url} does not know the operator's token; it was not sent there`,
    'name the right service with --url, and its token with --token FILE',
  );
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
