import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { operatorProof, tokenDigest } from '@writ/pdp';
import { readConfig } from '../config/read-config.ts';
import { CommandError, EXIT } from '../exit-status.ts';
import { askPinned } from './pinned-connection.ts';
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
  const found = options.url === undefined ? findService(data) : undefined;
  const url = options.url ?? found?.api;
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
  const ask = async (path: string, init: Sent): Promise<unknown> => {
    await requireProof({ url, certificate: found?.certificate }, token);
    return send(new URL(path, url), { ...init, headers }, found?.certificate);
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
async function requireProof(
  { url, certificate }: { readonly url: string; readonly certificate: string | undefined },
  token: string,
): Promise<void> {
  const nonce = randomBytes(32).toString('hex');
  const shown = await send(new URL(`/v1/operator-proof/${nonce}`, url), {}, certificate).catch((error) => {
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

interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

async function send(url: URL, init: Sent, certificate: string | undefined): Promise<unknown> {
  let answer: { readonly status: number; readonly text: string };
  try {
    answer = certificate === undefined ? await askOpenly(url, init) : await askPinned(url, certificate, init);
  } catch (error) {
    throw new CommandError(
      EXIT.unavailable,
      `the service at ${url.origin} does not answer (${reasonOf(error)})`,
      url.protocol === 'https:' && certificate === undefined
        ? 'where its certificate is not of a public authority, name that one in NODE_EXTRA_CA_CERTS'
        : undefined,
    );
  }
  const body = parseBody(answer.text);
  if (answer.status >= 200 && answer.status < 300) return body;
  const status = answer.status === 401 || answer.status === 403 ? EXIT.notPermitted : EXIT.no;
  throw new CommandError(
    answer.status >= 500 ? EXIT.unavailable : status,
    `${body.code ?? answer.status}: ${body.message ?? ''}`,
  );
}

async function askOpenly(url: URL, init: Sent): Promise<{ readonly status: number; readonly text: string }> {
  const response = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(70_000) });
  return { status: response.status, text: await response.text() };
}

/** `fetch` says what really happened in the cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error && cause.message !== '' ? `${message}: ${cause.message}` : message;
}

function parseBody(text: string): { readonly code?: string; readonly message?: string } {
  try {
    return JSON.parse(text) as object;
  } catch {
    return {};
  }
}
