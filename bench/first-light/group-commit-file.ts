import { type FileHandle, open } from 'node:fs/promises';

/**
 * A bare append-only file with group commit: what waits is written together and synced (fdatasync) before any of it
 * is acknowledged. The least that a durable record costs on this disk.
 */
export class GroupCommitFile {
  readonly #file: FileHandle;
  #waiting: {
    readonly bytes: Uint8Array;
    readonly done: () => void;
    readonly failed: (error: unknown) => void;
  }[] = [];
  #writing = false;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(path: string): Promise<GroupCommitFile> {
    return new GroupCommitFile(await open(path, 'a', 0o600));
  }

  append(bytes: Uint8Array): Promise<void> {
    return new Promise((done, failed) => {
      this.#waiting.push({ bytes, done, failed });
      if (!this.#writing) void this.#drain();
    });
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #drain(): Promise<void> {
    this.#writing = true;
    // Those that are added in the same turn go into the first batch, not one into a batch of its own.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#file.write(Buffer.concat(batch.map(({ bytes }) => bytes)));
        await this.#file.datasync();
        for (const { done } of batch) done();
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    this.#writing = false;
  }
}
