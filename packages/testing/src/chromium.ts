import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Skip } from './go-build.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** The path of a Chromium: `WRIT_CHROMIUM`, or the first one on the path; a {@link Skip} where there is none. */
export function findChromium(): string | Skip {
  const asked = process.env['WRIT_CHROMIUM'];
  if (asked !== undefined && asked !== '') return asked;
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  for (const path of folders.flatMap((folder) => NAMES.map((name) => join(folder, name)))) {
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not here.
    }
  }
  return { skip: 'Chromium is not installed: `apt install chromium`, or name one in WRIT_CHROMIUM' };
}
