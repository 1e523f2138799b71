import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where a running service can be reached: written beside its data, so that commands find it without being told. */
export interface ServiceFile {
  readonly pid: number;
  readonly api: string;
  readonly mcp?: string;
}

const NAME = 'service.json';

/** Announces a service in its data directory; `withdraw` takes it back. */
export function announce(dataDirectory: string, service: ServiceFile): void {
  writeFileSync(join(dataDirectory, NAME), `${JSON.stringify(service)}\n`, { mode: 0o600 });
}

/** Takes the announcement back, if it is this process's. */
export function withdraw(dataDirectory: string): void {
  if (findService(dataDirectory)?.pid === process.pid) rmSync(join(dataDirectory, NAME), { force: true });
}

/** The service that runs on a data directory, or undefined. */
export function findService(dataDirectory: string): ServiceFile | undefined {
  let service: ServiceFile;
  try {
    service = JSON.parse(readFileSync(join(dataDirectory, NAME), 'utf8'));
  } catch {
    return undefined;
  }
  return isRunning(service.pid) ? service : undefined;
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
