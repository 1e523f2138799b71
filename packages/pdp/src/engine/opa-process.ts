import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { EngineDiagnostic } from './engine.ts';
import { createOpaClient, type OpaAddress, type OpaClient } from './opa-client.ts';
import { childEnvironment, type OpaWorkspace, unusable } from './opa-workspace.ts';

/** How a managed OPA is run; every wait is bounded. */
export interface OpaProcessOptions {
  /** Path of the `opa` program. */
  readonly binary: string;
  /** `unix` by default, `tcp` on Windows. */
  readonly transport?: 'unix' | 'tcp';
  readonly startupTimeoutMs?: number;
  readonly healthIntervalMs?: number;
  /** First pause before a restart; doubles up to five seconds, and starts over once a child stayed healthy. */
  readonly restartDelayMs?: number;
}

/** An OPA that runs as a child and is started again when it ends or hangs. */
export interface OpaProcess {
  /** Undefined while no healthy child runs. */
  client(): OpaClient | undefined;
  /** Process id of the present child. */
  pid(): number | undefined;
  /** Where the present child listens: `http://host:port`, or `unix:` and the socket's path. */
  address(): string | undefined;
  /** How often a child was started after the first one. */
  restarts(): number;
  close(): Promise<void>;
}

export type OpaStart =
  | { readonly ok: true; readonly process: OpaProcess }
  | { readonly ok: false; readonly diagnostics: readonly EngineDiagnostic[] };

const STARTUP_TIMEOUT_MS = 10_000;
const HEALTH_INTERVAL_MS = 1_000;
const HEALTH_FAILURES_MAX = 3;
const RESTART_DELAY_MS = 100;
const RESTART_DELAY_MAX_MS = 5_000;
const READY_POLL_MS = 15;

/** Children alive now: none may outlive this process when it ends in the usual ways. */
const children = new Set<ChildProcess>();
let exitHandled = false;

function killChildrenAtExit(): void {
  if (exitHandled) return;
  exitHandled = true;
  process.on('exit', () => {
    for (const child of children) child.kill('SIGKILL');
  });
}

/** Starts OPA on a workspace and waits until it is ready; where it does not get ready, says what OPA said. */
export async function startOpaProcess(
  workspace: OpaWorkspace,
  options: OpaProcessOptions,
): Promise<OpaStart> {
  killChildrenAtExit();
  const supervisor = new Supervisor(workspace, options);
  const problem = await supervisor.start();
  if (problem === undefined) return { ok: true, process: supervisor };
  await supervisor.close();
  return { ok: false, diagnostics: [unusable(problem)] };
}

interface Running {
  readonly child: ChildProcess;
  readonly client: OpaClient;
  readonly address: string;
  readonly ended: Promise<string>;
}

class Supervisor implements OpaProcess {
  readonly #workspace: OpaWorkspace;
  readonly #options: OpaProcessOptions;
  #running: Running | undefined;
  #ready = false;
  #closed = false;
  #restarts = 0;
  #delayMs: number;
  #timer: NodeJS.Timeout | undefined;
  #starting: Promise<string | undefined> | undefined;
  #healthFailures = 0;

  constructor(workspace: OpaWorkspace, options: OpaProcessOptions) {
    this.#workspace = workspace;
    this.#options = options;
    this.#delayMs = options.restartDelayMs ?? RESTART_DELAY_MS;
  }

  client(): OpaClient | undefined {
    return this.#ready ? this.#running?.client : undefined;
  }

  pid(): number | undefined {
    return this.#running?.child.pid;
  }

  address(): string | undefined {
    return this.#running?.address;
  }

  restarts(): number {
    return this.#restarts;
  }

  /** Resolves when the child is ready, or with what went wrong. */
  async start(): Promise<string | undefined> {
    const address = await this.#address();
    if (this.#closed) return 'OPA was closed while it started';
    const child = spawn(this.#options.binary, this.#arguments(address), {
      cwd: this.#workspace.folder,
      env: childEnvironment(),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    children.add(child);
    const running: Running = {
      child,
      client: createOpaClient(address),
      address: address.socketPath === undefined ? address.url : `unix:${address.socketPath}`,
      ended: whenEnded(child),
    };
    this.#running = running;
    void running.ended.then(() => this.#onEnd(running));
    const problem = await this.#untilReady(running);
    if (problem === undefined) {
      this.#ready = this.#running === running;
      this.#watchHealth(running);
    } else child.kill('SIGKILL');
    return problem;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#ready = false;
    clearTimeout(this.#timer);
    const running = this.#running;
    running?.child.kill('SIGKILL');
    await running?.ended;
    await this.#starting;
    await running?.client.close();
  }

  async #address(): Promise<OpaAddress & { readonly listen: string }> {
    const { token, folder } = this.#workspace;
    if ((this.#options.transport ?? (process.platform === 'win32' ? 'tcp' : 'unix')) === 'unix') {
      const socketPath = join(folder, 'opa.sock');
      return { url: 'http://localhost', socketPath, token, listen: `unix://${socketPath}` };
    }
    const port = await freePort();
    return { url: `http://127.0.0.1:${port}`, token, listen: `127.0.0.1:${port}` };
  }

  #arguments(address: { readonly listen: string }): string[] {
    const { folders, authorizationFolder } = this.#workspace;
    return [
      ...['run', '--server', '--addr', address.listen, '--unix-socket-perm', '600'],
      // Anyone on this machine can reach a port: who speaks to this OPA must hold its token.
      ...['--authentication', 'token', '--authorization', 'basic'],
      ...['--log-level', 'error', '--skip-version-check', '--shutdown-grace-period', '1'],
      ...['--bundle', ...folders.values(), authorizationFolder],
    ];
  }

  async #untilReady(running: Running): Promise<string | undefined> {
    const deadline = performance.now() + (this.#options.startupTimeoutMs ?? STARTUP_TIMEOUT_MS);
    let ended: string | undefined;
    void running.ended.then((output) => {
      ended = output;
    });
    while (performance.now() < deadline) {
      if (ended !== undefined) return `OPA ended while it started: ${ended}`;
      if (this.#closed) return 'OPA was closed while it started';
      if ((await running.client.health(READY_POLL_MS * 20)) === undefined) return undefined;
      await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
    }
    return 'OPA did not get ready in time';
  }

  #onEnd(running: Running): void {
    children.delete(running.child);
    if (this.#running !== running || this.#closed) return;
    const wasReady = this.#ready;
    this.#ready = false;
    clearTimeout(this.#timer);
    void running.client.close();
    // The first start's failure is reported to who asked for it; from then on a child that ends is replaced.
    if (wasReady || this.#restarts > 0) this.#restartLater();
  }

  #restartLater(): void {
    this.#timer = setTimeout(() => {
      this.#restarts += 1;
      this.#starting = this.start().catch(String);
    }, this.#delayMs);
    this.#delayMs = Math.min(this.#delayMs * 2, RESTART_DELAY_MAX_MS);
  }

  /** A child that is stopped or hangs answers nothing; after several misses it is killed, and so restarted. */
  #watchHealth(running: Running): void {
    const intervalMs = this.#options.healthIntervalMs ?? HEALTH_INTERVAL_MS;
    this.#healthFailures = 0;
    const check = async (): Promise<void> => {
      const fault = await running.client.health(intervalMs);
      if (this.#running !== running || this.#closed || !this.#ready) return;
      this.#healthFailures = fault === undefined ? 0 : this.#healthFailures + 1;
      if (fault === undefined) this.#delayMs = this.#options.restartDelayMs ?? RESTART_DELAY_MS;
      if (this.#healthFailures >= HEALTH_FAILURES_MAX) running.child.kill('SIGKILL');
      else this.#timer = setTimeout(check, intervalMs).unref();
    };
    this.#timer = setTimeout(check, intervalMs).unref();
  }
}

const OUTPUT_BYTES_MAX = 4_000;

/** Resolves with the last of what the child wrote, once it ended or could not be started. */
function whenEnded(child: ChildProcess): Promise<string> {
  let output = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString('utf8')).slice(-OUTPUT_BYTES_MAX);
  });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(output.trim() || `status ${code ?? signal}`));
  });
}

/** A port that was free a moment ago; where another takes it first, OPA fails to start and says so. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address !== null
          ? resolve(address.port)
          : reject(new Error('no port')),
      );
    });
  });
}
