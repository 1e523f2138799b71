import { readFileSync } from 'node:fs';

/** The package's own version; the file lies beside `src` in a checkout and beside `dist` in what is installed. */
export function ownVersion(): string {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
}
