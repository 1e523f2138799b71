import { chmod, lstat, unlink } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { connect } from 'node:net';

/** A Unix socket that the API listens on. */
export interface UnixSocketOptions {
  readonly path: string;
  /** Permissions of its file. */
  readonly mode: number;
}

/** Whoever may open the file may ask: a listener whose peers are known by the file's permissions alone. */
export async function listenOnSocket(
  handle: RequestListener,
  { path, mode }: UnixSocketOptions,
  onConnection: Parameters<Server['on']>[1] = () => {},
): Promise<Server> {
  await removeStale(path);
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, handle);
  server.on('connection', onConnection);
  const listening = new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', resolve);
  });
  // The file is made within this call, with the narrowest permissions: before `chmod` nobody else gets in.
  const before = process.umask(0o177);
  server.listen(path);
  process.umask(before);
  await listening;
  server.removeAllListeners('error');
  await chmod(path, mode);
  return server;
}

/** A socket that nobody answers at was left by a process that died; any other file is somebody else's. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error(`${path} is there and no socket`);
  const answers = await new Promise<boolean>((resolve) => {
    const attempt = connect(path, () => {
      attempt.destroy();
      resolve(true);
    });
    attempt.once('error', () => resolve(false));
  });
  if (answers) throw new Error(`another process listens on ${path}`);
  await unlink(path);
}
