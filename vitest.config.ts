import { defineConfig } from 'vitest/config';

/**
 * Two projects: `fast` holds what `npm run check` runs, `whole` adds what starts servers and processes
 * (files named `*.slow.test.ts`). Both run in parallel and take no fixed port.
 */
export default defineConfig({
  test: {
    include: [
      'packages/*/test/**/*.test.ts',
      'tools/test/**/*.test.ts',
      'examples/test/**/*.test.ts',
      'conformance/test/**/*.test.ts',
    ],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      { extends: true, test: { name: 'fast', exclude: ['**/node_modules/**', '**/*.slow.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'slow',
          include: [
            'packages/*/test/**/*.slow.test.ts',
            'tools/test/**/*.slow.test.ts',
            'examples/test/**/*.slow.test.ts',
            'conformance/test/**/*.slow.test.ts',
          ],
          exclude: ['**/node_modules/**'],
          testTimeout: 180_000,
        },
      },
    ],
  },
});
