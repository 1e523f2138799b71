/** Waits for one bundle, reads it, and ends: what reading it took is given back with the thread. */
import { parentPort } from 'node:worker_threads';
import type { BundleResult } from '../bundle.ts';
import { readContent } from '../read-content.ts';
import { readDirectory } from '../read-directory.ts';
import { readTarball } from '../read-tarball.ts';
import { memoryOf, takeApart } from './apart.ts';
import type { ReaderReply, ReaderRequest } from './reader-request.ts';

parentPort?.once('message', async (request: ReaderRequest) => {
  const result = await read(request);
  if (result.ok) {
    const { data, ...bundle } = result.bundle;
    const sent = takeApart(data);
    const reply: ReaderReply = { ok: true, bundle, data: sent };
    parentPort?.postMessage(reply, memoryOf(sent));
  } else parentPort?.postMessage(result);
  // Nothing else is listened for: the thread ends.
});

function read(request: ReaderRequest): Promise<BundleResult> {
  if (request.kind === 'folder') return readDirectory(request.path, request.options);
  if (request.kind === 'archive-file') return readTarball(request.path, request.options);
  return readContent(request.archive, request.options);
}
