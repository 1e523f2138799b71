import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LAYERS } from '@writ/decision';
import { makeLayers } from '../init/init-layers.ts';

/** Folders of the tour: what the agent works on, the policy to edit, state and record. */
export interface Scratch {
  readonly folder: string;
  /** The folder that the MCP server serves. */
  readonly files: string;
  /** One bundle for each layer, and one with a fault. */
  readonly policy: string;
  readonly data: string;
  remove(): void;
}

const FILES: Readonly<Record<string, string>> = {
  'notes/welcome.txt': 'Ana asked for a short report on the pilot, and a post for customers.\n',
  'confidential/salaries.txt': 'Not for agents without a person who proved who they are.\n',
  'shared/plan.txt': 'Shared by two teams with two opinions.\n',
  'drafts/.keep': '',
  'published/.keep': '',
};

/** Makes the folders anew, below the system's temporary folder. */
export function createScratch(): Scratch {
  // The real path: the file server resolves links, and policies see the path that was asked for.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'writ-tour-')));
  const remove = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  try {
    return { ...fill(folder), remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function fill(folder: string): Omit<Scratch, 'remove'> {
  const files = join(folder, 'files');
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(join(files, name, '..'), { recursive: true });
    writeFileSync(join(files, name), text);
  }
  const policy = join(folder, 'policy');
  for (const layer of LAYERS) makeLayers(policy, layer);
  cpSync(fileURLToPath(new URL('../../templates/demo/quota', import.meta.url)), join(policy, 'quota'), {
    recursive: true,
  });
  return { folder, files, policy, data: join(folder, 'data') };
}
