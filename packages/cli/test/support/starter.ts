import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY, temporaryFolder } from './run-writ.ts';

/** The starter project in a folder of its own, removed after the test. */
export function starterProject(): {
  readonly folder: string;
  readonly data: string;
  readonly policy: string;
} {
  const folder = temporaryFolder();
  cpSync(join(REPOSITORY, 'packages/cli/templates/init'), folder, { recursive: true });
  return { folder, data: join(folder, '.writ'), policy: join(folder, 'policy/policy.rego') };
}

/** A call as the starter's policy knows it. */
export function callOf(tool: string, args: Readonly<Record<string, unknown>>, scopes: readonly string[]) {
  return {
    principal: { id: 'user:me', scopes },
    actor: { id: 'agent:dev' },
    action: { type: 'tool_call', phase: 'call', tool, args },
  };
}
