/** What a shell reports of a program that wrote where nobody reads any more: 128 and SIGPIPE. */
const BROKEN_PIPE = 141;

/**
 * Whoever read standard output has gone (`writ … | head`): there is nobody to tell, so the command ends without a word,
 * and one that has to stop in order (a service) is told to.
 */
export function endWithReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      if (!process.emit('SIGTERM', 'SIGTERM')) process.exit(BROKEN_PIPE);
    });
  }
}
