import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where a running service can be reached: written beside its data, so that commands find it without being told. */
export interface ServiceFile {
  readonly pid: number;
  readonly api: string;
  readonly mcp?: string;
  /** What the service shows over TLS, PEM, leaf first: whoever reads this file may know it by that. */
  readonly certificate?: string;
}

/** The first service on a data directory; others there, clients of the store's owner, carry their process id. */
const FIRST = 'service.json';
const OTHER = /^service-\d+\.json$/;

/**
 * Announces a service in its data directory; `withdraw` takes it back. Another one that runs already stays announced; announcing oneself again says what changed.
 */
export function announce(dataDirectory: string, service: ServiceFile): void {
  const first = read(dataDirectory, FIRST);
  const free = first === undefined || first.pid === service.pid || !isRunning(first.pid);
  const name = free ? FIRST : `service-${service.pid}.json`;
  writeFileSync(join(dataDirectory, name), `${JSON.stringify(service)}\n`, { mode: 0o600 });
}

/** Takes this process's announcement back. */
export function withdraw(dataDirectory: string): void {
  for (const name of names(dataDirectory)) {
    if (read(dataDirectory, name)?.pid === process.pid) rmSync(join(dataDirectory, name), { force: true });
  }
}

/** A service that runs on a data directory, or undefined. */
export function findService(dataDirectory: string): ServiceFile | undefined {
  return names(dataDirectory)
    .map((name) => read(dataDirectory, name))
    .find((service) => service !== undefined && isRunning(service.pid));
}

function names(dataDirectory: string): string[] {
  try {
    return [FIRST, ...readdirSync(dataDirectory).filter((name) => OTHER.test(name))];
  } catch {
    return [];
  }
}

function read(dataDirectory: string, name: string): ServiceFile | undefined {
  try {
    return JSON.parse(readFileSync(join(dataDirectory, name), 'utf8'));
  } catch {
    return undefined;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
