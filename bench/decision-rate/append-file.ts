import { closeSync, fdatasync, openSync, write } from 'node:fs';

/** A bare append-only file with group commit: what a durable record costs at the least. */
export interface AppendFile {
  /** Resolves when the record is durable. */
  append(record: Buffer): Promise<void>;
  /** To be called when nothing is under way. */
  close(): void;
}

/**
 * Records that arrive while a write and its `fdatasync` are under way are written together by the next one. The file
 * grows by appending, as a log does.
 */
export function openAppendFile(path: string): AppendFile {
  const file = openSync(path, 'a');
  let waiting: {
    readonly record: Buffer;
    readonly resolve: () => void;
    readonly reject: (e: Error) => void;
  }[] = [];
  let busy = false;
  const flush = (): void => {
    const batch = waiting;
    waiting = [];
    busy = batch.length > 0;
    if (!busy) return;
    const bytes = Buffer.concat(batch.map(({ record }) => record));
    const settle = (error: Error | null): void => {
      for (const { resolve, reject } of batch) error === null ? resolve() : reject(error);
      // What the answers set off is in the next batch.
      setImmediate(flush);
    };
    write(file, bytes, (error, written) => {
      if (error !== null) settle(error);
      else if (written < bytes.length) settle(new Error('the disk took a part only'));
      else fdatasync(file, settle);
    });
  };
  return {
    append: (record) =>
      new Promise((resolve, reject) => {
        waiting.push({ record, resolve, reject });
        if (busy) return;
        busy = true;
        setImmediate(flush);
      }),
    close: () => closeSync(file),
  };
}
