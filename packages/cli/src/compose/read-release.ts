import { type Release, releaseSchema } from '@writ/bundle';
import { parse } from 'yaml';
import { CommandError, EXIT } from '../exit-status.ts';
import { readText } from './read-text.ts';

/** A release as `writ build --release` takes it, for the bundle's manifest. */
export function readRelease(file: string): Release {
  const read = releaseSchema.safeParse(parsed(file));
  if (read.success) return JSON.parse(JSON.stringify(read.data)) as Release;
  const [issue] = read.error.issues;
  throw new CommandError(
    EXIT.badInput,
    `${file}: \`${issue?.path.join('.')}\`: ${issue?.message}`,
    'such as {name: support-agent, version: 1.4.0, agents: {"agent:support": 1.4.0}, tools: {"files/read": "sha256:…"}}',
  );
}

function parsed(file: string): unknown {
  try {
    return parse(readText(file));
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(
      EXIT.badInput,
      `${file} is neither YAML nor JSON: ${(error as Error).message.split('\n')[0]}`,
    );
  }
}
