import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

const FOLDERS = ['packages/*/test', 'tools/test', 'examples/test', 'conformance/test'];

/**
 * Two projects, apart: `fast` is what `npm run check` runs; `slow` starts servers and processes (`*.slow.test.ts`).
 * Tests run in parallel and take no fixed port.
 */
export default defineConfig({
  test: {
    // Many tests wait for the disk: one worker more than processors keeps those busy on small machines.
    maxWorkers: Math.max(3, availableParallelism()),
    projects: [
      {
        test: {
          name: 'fast',
          setupFiles: ['tools/test-file.ts'],
          include: FOLDERS.map((folder) => `${folder}/**/*.test.ts`),
          exclude: ['**/node_modules/**', '**/*.slow.test.ts'],
          // Loading the packages anew for each file would take as long as the tests: none of them changes what it loads.
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'slow',
          setupFiles: ['tools/test-file.ts'],
          include: FOLDERS.map((folder) => `${folder}/**/*.slow.test.ts`),
          exclude: ['**/node_modules/**'],
          // Real processes on a busy machine: one that was late is asked again, and vitest says so.
          retry: 1,
          testTimeout: 180_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
